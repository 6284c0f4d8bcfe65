-- One row per DNS answer about domains up to $as_of (null: all), the oldest first.
select domain, asked_at, last_asked_at, name, type, outcome, data
from dns_snapshot
where ($domains::text[] is null or list_contains($domains::text[], domain))
    and asked_at <= coalesce($as_of::timestamp, 'infinity'::timestamp)
order by domain, asked_at, name, type, last_asked_at
