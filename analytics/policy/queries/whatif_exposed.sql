-- One row: the mail of some classes in `replayed` on which an enforcing policy decides, and what of
-- it would be lost, with the sums over (reporter, day) of which an interval is made.
-- `enforced` are the tags that enforce, `enforced_unsure` those on names of which it is not known
-- whether they exist.
with cluster as (
    select
        sum(messages) as n,
        coalesce(sum(messages) filter (state = 'fail'), 0) as x
    from replayed
    where state != 'indeterminate'
        and list_contains($classes::text[], class)
        and list_contains(
            case when is_sure then $enforced::text[] else $enforced_unsure::text[] end, tag
        )
    group by reporter, day
)
select
    coalesce(sum(n), 0)::bigint as exposed,
    coalesce(sum(x), 0)::bigint as lost,
    count(*) as clusters,
    -- Added up as whole and decimal numbers, whose sum no order of rows changes.
    coalesce(sum(x * x)::double, 0) as xx,
    coalesce(sum(x * n)::double, 0) as xn,
    coalesce(sum(n * n)::double, 0) as nn,
    coalesce(sum((x::double * x / nullif(n, 0))::decimal(38, 6))::double, 0) as xx_n,
    coalesce(sum(x) filter (n > 1), 0)::double as grouped_failures,
    coalesce(
        sum((x::double * (x - 1) / nullif(n - 1, 0))::decimal(38, 6)), 0
    )::double as joint_failures
from cluster
