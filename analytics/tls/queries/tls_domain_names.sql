-- One row per domain that counted TLS reports are about; MX hosts, as of DANE, are none.
select distinct policy_domain as domain
from tls_session
where policy_domain is not null
    and policy_type is distinct from 'tlsa'
order by domain
