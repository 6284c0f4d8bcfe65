-- One row per answer that DNS gave about domains until a as_of (null: ever), the oldest first.
select domain, asked_at, last_asked_at, name, type, outcome, data
from dns_snapshot
where ($domains::text[] is null or list_contains($domains::text[], domain))
    and asked_at <= coalesce($as_of::timestamp, 'infinity'::timestamp)
order by domain, asked_at, name, type, last_asked_at
