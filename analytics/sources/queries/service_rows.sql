-- One row per row of `service` (made by services.sql): of some classes, of the services whose class as
-- a whole is $of_class, null meaning any; of these services $most after the first $skip, most mail
-- first. `loudest`, from which the reason is told, is given of the classes $told alone: most are
-- abuse, of which nobody asks why.
select
    domain,
    source,
    class,
    source_ip,
    decided_by,
    rule,
    sender,
    source_ips,
    messages,
    aligned,
    dkim_aligned,
    spf_aligned,
    indeterminate,
    first_seen,
    last_seen,
    days,
    country,
    asn,
    as_name,
    header_froms,
    case when $told::text[] is null or list_contains($told::text[], class) then loudest end
        as loudest
from service
where ($classes::text[] is null or list_contains($classes::text[], class))
    and ($of_class is null or of_class = $of_class)
qualify
    dense_rank() over (order by of_messages desc, domain, source)
        between $skip + 1 and $skip + $most
order by messages desc, domain, source, class
