-- One row per (policy domain, source address) with mail in the window that a drill-down selects: by
-- service, address, network and class; null means any.
select
    policy_domain,
    source_ip,
    source,
    class
from source_class
where ($domains::text[] is null or list_contains($domains::text[], policy_domain))
    and ($source is null or source = $source)
    and ($source_ip is null or source_ip = $source_ip)
    and ($class is null or class = $class)
    and (
        $version::integer is null
        or source_ip in (
            select source_ip
            from address
            where version = $version::integer
                and number between $first_number::uhugeint and $last_number::uhugeint
        )
    )
