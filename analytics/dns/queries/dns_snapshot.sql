-- One row per answer that DNS gave about domains until a moment (null: ever), the oldest first.
select domain, asked_at, last_asked_at, name, type, outcome, data
from dns_snapshot
where ($domains::text[] is null or list_contains($domains::text[], domain))
    and asked_at <= coalesce($moment::timestamp, 'infinity'::timestamp)
order by domain, asked_at, name, type, last_asked_at
