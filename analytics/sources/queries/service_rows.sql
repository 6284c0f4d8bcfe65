-- One row per row of `service` (services.sql) of these $classes, of services whose class as a whole
-- is $of_class, null meaning any; $most services after the first $skip, most mail first. `largest`,
-- from which the reason is made, is set only for the classes $explained: most rows are abuse, whose
-- reason nobody reads.
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
    case when $explained::text[] is null or list_contains($explained::text[], class) then largest end
        as largest
from service
where ($classes::text[] is null or list_contains($classes::text[], class))
    and ($of_class is null or of_class = $of_class)
qualify
    dense_rank() over (order by of_messages desc, domain, source)
        between $skip + 1 and $skip + $most
order by messages desc, domain, source, class
