-- One row per (question, whether it failed) about domains of a list: the last answer.
select domain, asked_at, name, type, outcome, data
from dns_snapshot
where list_contains($domains, domain)
    and asked_at <= $now
qualify row_number() over (
    partition by domain, name, type, outcome in ('timeout', 'failure')
    order by asked_at desc, last_asked_at desc
) = 1
order by domain, name, type, asked_at
