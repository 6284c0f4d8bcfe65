-- One row per question that was asked since a moment about domains of a list, and is not due yet.
-- What was asked in the future was asked by a clock that went wrong.
select distinct domain, name, type
from dns_snapshot
where list_contains($domains, domain)
    and last_asked_at <= $now
    and last_asked_at > case
        when outcome in ('timeout', 'failure') then $errors_since::timestamp
        else $since::timestamp
    end
order by domain, name, type
