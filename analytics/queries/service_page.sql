-- One row per row of `service` (made by services.sql) of the services on a page: $most after the
-- first $skip of those whose class is $of_class, or of all; most mail first.
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
    loudest
from service
where $of_class is null or of_class = $of_class
qualify
    dense_rank() over (order by of_messages desc, domain, source)
        between $skip + 1 and $skip + $most
order by of_messages desc, domain, source, messages desc, class
