-- One row per domain of a list with advice in a week: the last of it.
select
    policy_domain as domain,
    as_of,
    made_at,
    verdict,
    target,
    record,
    reason,
    inputs
from advice
where list_contains($domains::text[], policy_domain)
    and week = $week
qualify row_number() over (partition by policy_domain order by as_of desc, made_at desc) = 1
order by domain
