-- One row per report that was read, of either kind: who sent it, on what, for which period.
-- `status` is stored, or conflict for one that contradicts an earlier report. `counted` tells
-- whether its messages are in the rates; a DMARC report that is stored and does not count is
-- flagged, proven false, or unverified beside verified ones of its reporter.
create or replace view report as
select
    report.document_id,
    'dmarc' as kind,
    outcome.status,
    report.authenticity,
    counted.document_id is not null as counted,
    report.day,
    report.reporter,
    report.policy_domain as domain,
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
    report.counted,
    report.day,
    report.reporter,
    (
        select min(policy.policy_domain)
        from tls_policy as policy
        where policy.document_id = report.document_id
    ) as domain,
    report.report_id,
    report.start_at,
    report.end_at,
    null as record_count,
    0 as refused_record_count,
    report.repairs,
    report.flags
from tls_report as report
join outcome using (document_id);
