-- One row: the refused documents whose bytes are kept, and how many bytes.
select
    count(*) as documents,
    coalesce(sum(size), 0)::bigint as bytes
from quarantine
where status = 'refused' and code is distinct from 'dropped'
