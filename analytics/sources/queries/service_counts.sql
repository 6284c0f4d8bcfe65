-- One row per class: the number of services in `service` (services.sql) of that class as a whole.
select
    of_class as class,
    count(distinct (domain, source)) as services
from service
group by of_class
order by class
