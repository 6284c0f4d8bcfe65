-- One row per (source, class) of a domain with mail in the window: how much of it fails, with the
-- sums over (reporter, day) for an interval. Without temporary errors (RFC 9989 §5.3.6).
with cluster as (
    select
        source_class.source,
        source_class.class,
        sum(message.message_count) as n,
        coalesce(sum(message.message_count) filter (not message.aligned), 0) as x
    from dmarc_message as message
    join source_class using (policy_domain, source_ip)
    where message.policy_domain = $domain
        and message.day between $first and $last
        and not message.indeterminate
    group by source_class.source, source_class.class, message.reporter, message.day
)
select
    source,
    class,
    sum(x)::bigint as fails,
    sum(n)::bigint as messages,
    count(*) as clusters,
    -- Added up as whole and decimal numbers, whose sum no order of rows changes.
    sum(x * x)::double as xx,
    sum(x * n)::double as xn,
    sum(n * n)::double as nn,
    sum((x::double * x / nullif(n, 0))::decimal(38, 6))::double as xx_n,
    coalesce(sum(x) filter (n > 1), 0)::double as grouped_failures,
    coalesce(
        sum((x::double * (x - 1) / nullif(n - 1, 0))::decimal(38, 6)), 0
    )::double as joint_failures
from cluster
group by source, class
order by source, class
