-- One row per question about domains of a list that is not due yet: asked after $since, or after
-- $errors_since if it failed. Times in the future come from a wrong clock and do not count.
select distinct domain, name, type
from dns_snapshot
where list_contains($domains, domain)
    and last_asked_at <= $now
    and last_asked_at > case
        when outcome in ('timeout', 'failure') then $errors_since::timestamp
        else $since::timestamp
    end
order by domain, name, type
