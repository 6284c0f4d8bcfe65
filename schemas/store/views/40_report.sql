-- One row per report that was read, of either kind: its reporter, its domains, its period.
-- `domains` are the policy domains that it names, in its order: one for a DMARC report, any number
-- for a TLS report; `domain` is the first of them. `status` is stored, or conflict for a report
-- that contradicts an earlier one. `counted` says whether its messages are in the rates. A stored
-- report that does not count is flagged, failed authentication, or is a DMARC report that is
-- unverified beside verified ones of its reporter.
create or replace view report as
with named as (
    select document_id, list(policy_domain order by first_ordinal) as domains
    from (
        select document_id, policy_domain, min(ordinal) as first_ordinal
        from tls_policy
        where policy_domain is not null
        group by document_id, policy_domain
    )
    group by document_id
)
select
    report.document_id,
    'dmarc' as kind,
    outcome.status,
    report.authenticity,
    counted.document_id is not null as counted,
    report.day,
    report.reporter,
    report.policy_domain as domain,
    [report.policy_domain] as domains,
    report.report_id,
    report.begin_at,
    report.end_at,
    report.record_count,
    report.refused_record_count,
    report.repairs,
    report.flags
from dmarc_report as report
join outcome using (document_id)
left join counted_dmarc_report as counted using (document_id)
union all
select
    report.document_id,
    'tls' as kind,
    outcome.status,
    report.authenticity,
    counted.document_id is not null as counted,
    report.day,
    report.reporter,
    named.domains[1] as domain,
    coalesce(named.domains, []) as domains,
    report.report_id,
    report.start_at,
    report.end_at,
    null as record_count,
    0 as refused_record_count,
    report.repairs,
    report.flags
from tls_report as report
join outcome using (document_id)
left join counted_tls_report as counted using (document_id)
left join named using (document_id);
