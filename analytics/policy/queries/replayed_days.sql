-- One row per day with mail in `replayed`: the columns of days.sql.
with cluster as (
    select
        day,
        sum(messages) as messages,
        coalesce(sum(messages) filter (state = 'pass'), 0) as aligned,
        coalesce(sum(messages) filter (class = 'undecided'), 0) as undecided,
        coalesce(sum(messages) filter (class = 'spoof'), 0) as spoof,
        coalesce(sum(messages) filter (class in ('forwarder', 'list')), 0) as indirect,
        sum(messages) filter (class in ('own', 'broken') and state != 'indeterminate') as n,
        coalesce(sum(messages) filter (class in ('own', 'broken') and state = 'pass'), 0) as x
    from replayed
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
