-- One row per policy domain of a counted DMARC report.
select distinct policy_domain as domain
from seen_policy
order by domain
