-- One row per code in quarantine, most first: documents or records, and their bytes.
select
    code,
    count(*) as things,
    count(*) filter (status = 'refused') as documents,
    sum(size)::bigint as bytes,
    max(stored_at) as last_stored_at
from quarantine
where status <> 'conflict'
group by code
order by things desc, code
