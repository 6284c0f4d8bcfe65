-- The host names that lead back to their addresses.
select distinct name
from ptr_lookup
where confirmed
order by name
