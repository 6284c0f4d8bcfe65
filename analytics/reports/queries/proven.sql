-- One row per policy domain with verified reports from $reporters reporters or more since $since,
-- and unverified reports: the number of unverified reports in the window.
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
