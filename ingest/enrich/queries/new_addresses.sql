-- Of the incoming addresses, those that have no facts yet.
select source_ip
from incoming
anti join address using (source_ip)
where source_ip is not null
order by source_ip
