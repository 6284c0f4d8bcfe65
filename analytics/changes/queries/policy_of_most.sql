-- One row per policy domain with a counted report up to $last: the policy that most reports of its
-- latest day saw. A single report may omit tags (RFC 9990) or show an old record. An unknown value
-- is no policy (RFC 9989 §4.7).
with seen as (
    select
        policy_domain,
        day,
        case when p in ('quarantine', 'reject') then p else 'none' end as p,
        case
            when sp in ('none', 'quarantine', 'reject') then sp
            when p in ('quarantine', 'reject') then p
            else 'none'
        end as sp,
        case when adkim = 's' then 's' else 'r' end as adkim,
        case when aspf = 's' then 's' else 'r' end as aspf
    from seen_policy
    where day <= $last
        and end_at < $last::date + 3
        and ($domains::text[] is null or list_contains($domains::text[], policy_domain))
),
counted as (
    select policy_domain, day, p, sp, adkim, aspf, count(*) as reports
    from seen
    group by policy_domain, day, p, sp, adkim, aspf
    qualify day = max(day) over (partition by policy_domain)
)
select
    policy_domain as domain,
    max(day) as day,
    arg_max(
        struct_pack(p := p, sp := sp, adkim := adkim, aspf := aspf), (reports, p, sp, adkim, aspf)
    ) as policy
from counted
group by policy_domain
order by domain
