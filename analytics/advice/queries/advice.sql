-- One row per stored advice on a domain up to $as_of (null: all), the newest first.
-- `stands`: it is the last of its week.
select
    policy_domain as domain,
    week,
    as_of,
    made_at,
    verdict,
    target,
    record,
    reason,
    inputs,
    given,
    row_number() over (partition by week order by as_of desc, made_at desc) = 1 as stands
from advice
where policy_domain = $domain
    and made_at <= coalesce($as_of::timestamp, 'infinity'::timestamp)
    and ($week::text is null or week = $week)
order by as_of desc, made_at desc
