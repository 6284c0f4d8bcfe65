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
    coalesce(sum(x::double * x), 0) as xx,
    coalesce(sum(x::double * n), 0) as xn,
    coalesce(sum(n::double * n), 0) as nn,
    coalesce(sum(x::double * x / nullif(n, 0)), 0) as xx_n,
    coalesce(sum(x) filter (n > 1), 0)::double as company,
    coalesce(sum(x::double * (x - 1) / (n - 1)) filter (n > 1), 0) as alike
from cluster
