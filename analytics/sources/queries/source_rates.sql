-- One row per source with legitimate mail of a domain in the window, over its own and broken
-- addresses: what passes, with the sums over (reporter, day) for an interval.
with cluster as (
    select
        source_class.source,
        sum(message.message_count) as n,
        coalesce(sum(message.message_count) filter (message.aligned), 0) as x
    from dmarc_message as message
    join source_class using (policy_domain, source_ip)
    where message.day between $first and $last
        and message.policy_domain = $domain
        and source_class.class in ('own', 'broken')
        and not message.indeterminate
    group by source_class.source, message.reporter, message.day
)
select
    source,
    sum(n)::bigint as legitimate,
    sum(x)::bigint as legitimate_aligned,
    count(*) as clusters,
    -- Added up as whole and decimal numbers, whose sum no order of rows changes.
    sum(x * x)::double as xx,
    sum(x * n)::double as xn,
    sum(n * n)::double as nn,
    sum((x::double * x / nullif(n, 0))::decimal(38, 6))::double as xx_n,
    coalesce(sum(n - x) filter (n > 1), 0)::double as grouped_failures,
    coalesce(
        sum(((n - x)::double * (n - x - 1) / nullif(n - 1, 0))::decimal(38, 6)), 0
    )::double as joint_failures
from cluster
group by source
order by legitimate desc, source
