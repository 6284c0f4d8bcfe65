-- One row per day with mail in the window, over all domains asked about.
-- Legitimate is mail of own and broken sources (`source_class`) that is not indeterminate;
-- `indirect` is mail of forwarders and lists. The cluster columns are sums over the day's
-- reporters, so sums over days are sums over (reporter, day).
with message as (
    select *
    from dmarc_message
    where day between $first and $last
        and ($domains::text[] is null or list_contains($domains::text[], policy_domain))
),
cluster as (
    select
        day,
        sum(message_count) as messages,
        coalesce(sum(message_count) filter (message.aligned), 0) as aligned,
        coalesce(sum(message_count) filter (class = 'undecided'), 0) as undecided,
        coalesce(sum(message_count) filter (class = 'spoof'), 0) as spoof,
        coalesce(sum(message_count) filter (class in ('forwarder', 'list')), 0) as indirect,
        sum(message_count) filter (class in ('own', 'broken') and not message.indeterminate) as n,
        coalesce(sum(message_count) filter (class in ('own', 'broken') and message.aligned), 0) as x
    from message
    join source_class using (policy_domain, source_ip)
    group by day, reporter
)
select
    day,
    coalesce(sum(messages), 0)::bigint as messages,
    sum(aligned)::bigint as aligned,
    sum(undecided)::bigint as undecided,
    sum(spoof)::bigint as spoof,
    sum(indirect)::bigint as indirect,
    coalesce(sum(n), 0)::bigint as legitimate,
    sum(x)::bigint as legitimate_aligned,
    count(n) as clusters,
    -- Added up as whole and decimal numbers, whose sum no order of rows changes.
    coalesce(sum(x * x)::double, 0) as xx,
    coalesce(sum(x * n)::double, 0) as xn,
    coalesce(sum(n * n)::double, 0) as nn,
    coalesce(sum((x::double * x / nullif(n, 0))::decimal(38, 6))::double, 0) as xx_n,
    coalesce(sum(n - x) filter (n > 1), 0)::double as grouped_failures,
    coalesce(
        sum(((n - x)::double * (n - x - 1) / nullif(n - 1, 0))::decimal(38, 6)), 0
    )::double as joint_failures
from cluster
group by day
order by day
