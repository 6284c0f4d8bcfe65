-- One row per failure in a counted TLS report: the result, the MX, the sending server.
-- `result_type` is a word of the registry (RFC 8460 §4.3), or an unknown one as sent. `mx` is the
-- host that failed, `sender` the address of the sending mail server; either may be absent. Counts
-- of several results may overlap (§4).
create or replace view tls_result as
select
    failure.document_id,
    failure.policy_ordinal,
    failure.ordinal,
    session.day,
    session.reporter,
    session.authenticity,
    session.policy_domain,
    session.policy_type,
    case
        when failure.result_type = 'unknown' then lower(trim(failure.result_type_raw))
        else failure.result_type
    end as result_type,
    nullif(lower(rtrim(trim(failure.receiving_mx_hostname), '.')), '') as mx,
    failure.receiving_ip,
    coalesce(failure.sending_mta_ip, nullif(trim(failure.sending_mta_ip_raw), '')) as sender,
    failure.failed_sessions as failed,
    nullif(trim(failure.failure_reason_code), '') as reason_code
from tls_failure as failure
join tls_session as session
    on session.document_id = failure.document_id
    and session.ordinal = failure.policy_ordinal;
