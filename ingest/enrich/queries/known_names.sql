-- What reverse DNS said of the given addresses before.
select
    source_ip,
    name,
    confirmed
from ptr_lookup
where source_ip in (select unnest($addresses::text[]))
order by source_ip
