-- How many documents were dropped, and their bytes.
select
    count(*) as documents,
    coalesce(sum(size), 0)::bigint as size
from dropped
