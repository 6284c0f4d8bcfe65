-- One row per policy domain that $reporters reporters or more have told of with proof since $since,
-- and that others have told of without: how many reports of the window prove nothing.
select
    policy_domain as domain,
    (count(*) filter (day >= $first and authenticity != 'verified'))::bigint as left_out
from counted_dmarc_report
where day between $since and $last
    and ($domain is null or policy_domain = $domain)
group by policy_domain
having $reporters > 0
    and count(distinct reporter) filter (authenticity = 'verified') >= $reporters
    and count(*) filter (authenticity != 'verified') > 0
order by domain
