-- One row: the counted DMARC reports of the window, over all domains asked for.
select
    count(*) as reports,
    count(distinct reporter) as reporters,
    count(distinct day) as days
from seen_policy
where day between $first and $last
    and ($domains::text[] is null or list_contains($domains::text[], policy_domain))
