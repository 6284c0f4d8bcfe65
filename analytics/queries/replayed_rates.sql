-- One row per source with legitimate mail in `replayed`: what passes, with the sums over
-- (reporter, day) of which an interval is made.
with cluster as (
    select
        source,
        sum(messages) as n,
        coalesce(sum(messages) filter (state = 'pass'), 0) as x
    from replayed
    where class in ('own', 'broken')
        and state != 'indeterminate'
    group by source, reporter, day
)
select
    source,
    sum(n)::bigint as legitimate,
    sum(x)::bigint as legitimate_aligned,
    count(*) as clusters,
    sum(x::double * x) as xx,
    sum(x::double * n) as xn,
    sum(n::double * n) as nn,
    sum(x::double * x / nullif(n, 0)) as xx_n,
    coalesce(sum(n - x) filter (n > 1), 0)::double as company,
    coalesce(sum((n - x)::double * (n - x - 1) / (n - 1)) filter (n > 1), 0) as alike
from cluster
group by source
order by legitimate desc, source
