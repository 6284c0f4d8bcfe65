-- One row per row of `service` (made by services.sql) of some classes; `loudest`, from which the
-- reason is told, of the classes $told alone: most are abuse, of which nobody asks why.
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
where $classes::text[] is null or list_contains($classes::text[], class)
order by messages desc, domain, source, class
