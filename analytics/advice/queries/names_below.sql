-- One row per (policy domain, name below it) with legitimate mail in the window: its addresses, its
-- messages, those that pass, and the sums over (reporter, day) for an interval. `has_record`:
-- reports show that the name has its own record now.
with cluster as (
    select
        message.policy_domain,
        message.header_from,
        message.day,
        sum(message.message_count) as n,
        coalesce(sum(message.message_count) filter (message.aligned), 0) as x,
        list(distinct message.source_ip) as source_ips
    from dmarc_message as message
    join source_class using (policy_domain, source_ip)
    where message.day between $first and $last
        and not message.indeterminate
        and source_class.class in ('own', 'broken')
        and message.header_from != message.policy_domain
        and ($domains::text[] is null or list_contains($domains::text[], message.policy_domain))
    group by message.policy_domain, message.header_from, message.reporter, message.day
),
recorded as (
    select distinct policy_domain as name
    from seen_policy
    where day between $first and $last
)
select
    cluster.policy_domain as domain,
    cluster.header_from as name,
    any_value(recorded.name) is not null as has_record,
    min(day) as first_seen,
    max(day) as last_seen,
    len(list_distinct(flatten(list(source_ips)))) as source_ips,
    sum(n)::bigint as messages,
    sum(x)::bigint as aligned,
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
left join recorded on recorded.name = cluster.header_from
group by cluster.policy_domain, cluster.header_from
order by domain, messages desc, name
