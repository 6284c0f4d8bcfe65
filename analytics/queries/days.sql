-- One row per day with mail in the window, over all domains asked for.
-- A source is own when any of its mail for the domain passes aligned; legitimate is all mail of
-- own sources that is not indeterminate. The cluster columns are sums over the day's reporters,
-- so that sums over days are sums over (reporter, day).
with message as (
    select *
    from dmarc_message
    where day between $first and $last
        and ($domains::text[] is null or list_contains($domains::text[], policy_domain))
),
source as (
    select policy_domain, source_ip, bool_or(aligned) as is_own
    from message
    group by policy_domain, source_ip
),
cluster as (
    select
        day,
        sum(message_count) as messages,
        coalesce(sum(message_count) filter (not is_own), 0) as undecided,
        sum(message_count) filter (is_own and not indeterminate) as n,
        coalesce(sum(message_count) filter (is_own and aligned), 0) as x
    from message
    join source using (policy_domain, source_ip)
    group by day, reporter
)
select
    day,
    coalesce(sum(messages), 0)::bigint as messages,
    sum(undecided)::bigint as undecided,
    coalesce(sum(n), 0)::bigint as legitimate,
    sum(x)::bigint as legitimate_aligned,
    count(n) as clusters,
    coalesce(sum(x::double * x), 0) as xx,
    coalesce(sum(x::double * n), 0) as xn,
    coalesce(sum(n::double * n), 0) as nn
from cluster
group by day
order by day
