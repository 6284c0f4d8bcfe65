-- One row per domain with counted TLS reports, without the MX hosts of DANE policies.
select distinct policy_domain as domain
from tls_session
where policy_domain is not null
    and policy_type is distinct from 'tlsa'
order by domain
