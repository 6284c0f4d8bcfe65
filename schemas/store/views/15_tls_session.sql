-- One row per policy in a counted TLS report: the sessions under it. Never add over policy types: a
-- reporter that knows several policies of a domain lists the same sessions under each.
-- `policy_type` is sts, tlsa, no-policy-found, or an unknown word as sent. `policy_domain` is the
-- recipients' domain; for tlsa it may be the name of the MX host. `mode` is that of the MTA-STS
-- policy that the reporter saw. `detailed` is the sum over the failures listed one by one, which
-- need not equal `failed` (RFC 8460 §4: they may overlap); `uncounted` of them have no count.
create or replace view tls_session as
with detail as (
    select
        document_id,
        policy_ordinal,
        sum(failed_sessions) as detailed,
        count(*) filter (failed_sessions is null) as uncounted
    from tls_failure
    group by document_id, policy_ordinal
)
select
    policy.document_id,
    policy.ordinal,
    report.day,
    report.reporter,
    report.authenticity,
    policy.policy_domain,
    case
        when policy.policy_type = 'unknown' then lower(trim(policy.policy_type_raw))
        else policy.policy_type
    end as policy_type,
    nullif(
        lower(
            regexp_extract(
                array_to_string(policy.policy_strings, chr(10)), '(?im)^\s*mode:\s*([a-z]+)', 1
            )
        ),
        ''
    ) as mode,
    policy.successful_sessions as successful,
    policy.failed_sessions as failed,
    coalesce(detail.detailed, 0) as detailed,
    coalesce(detail.uncounted, 0) as uncounted
from tls_policy as policy
join counted_tls_report as report using (document_id)
left join detail
    on detail.document_id = policy.document_id
    and detail.policy_ordinal = policy.ordinal;
