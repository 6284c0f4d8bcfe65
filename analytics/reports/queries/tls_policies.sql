-- One row per policy of a TLS report, with its failures as a list.
select
    policy.ordinal,
    policy.policy_type,
    policy.policy_domain,
    policy.mx_hosts,
    policy.successful_sessions as successful,
    policy.failed_sessions as failed,
    (
        select list(
            concat_ws(' ', result_type_raw, receiving_mx_hostname, failed_sessions) order by ordinal
        )
        from tls_failure as failure
        where failure.document_id = policy.document_id
            and failure.policy_ordinal = policy.ordinal
    ) as failures
from tls_policy as policy
where policy.document_id = $document
order by policy.ordinal
