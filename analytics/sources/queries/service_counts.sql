-- One row per class: how many services of `service` (made by services.sql) are of it as a whole.
select
    of_class as class,
    count(distinct (domain, source)) as services
from service
group by of_class
order by class
