-- One row per service that a network in the store belongs to.
select distinct service
from address
where service is not null
order by service
