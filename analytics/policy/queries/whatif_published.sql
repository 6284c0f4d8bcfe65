-- One row: the policy that the newest report on a domain saw, none where there is no report. A tag
-- that it leaves out is taken from the other reports of its week that saw the same p: some
-- reporters leave out what is published (D16, D17).
with seen as (
    select *
    from seen_policy
    where policy_domain = $domain
        and day <= $last
        and end_at < $last::date + 3  -- a period that ends in the future tells nothing of today
),
newest as (
    select day, p
    from seen
    order by end_at desc, document_id desc
    limit 1
)
select
    any_value(newest.p) as p,
    arg_max(seen.sp, (seen.end_at, seen.document_id)) as sp,
    arg_max(seen.np, (seen.end_at, seen.document_id)) as np,
    arg_max(seen.adkim, (seen.end_at, seen.document_id)) as adkim,
    arg_max(seen.aspf, (seen.end_at, seen.document_id)) as aspf
from seen
join newest on seen.p is not distinct from newest.p and seen.day > newest.day - 7
