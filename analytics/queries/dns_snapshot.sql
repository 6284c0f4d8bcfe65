-- One row per answer that DNS gave about a domain until a moment (null: ever), the oldest first.
select asked_at, last_asked_at, name, type, outcome, data
from dns_snapshot
where domain = $domain
    and asked_at <= coalesce($moment::timestamp, 'infinity'::timestamp)
order by asked_at, name, type, last_asked_at
