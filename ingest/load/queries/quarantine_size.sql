-- Bytes of documents in quarantine.
select coalesce(sum(size), 0)::bigint as size
from quarantine
where status = 'refused' and code is distinct from 'dropped'
