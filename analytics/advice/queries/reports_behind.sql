-- One row per counted DMARC report of a domain in the window, with the hash of its document.
select
    report.document_id,
    document.sha256,
    report.day,
    report.reporter,
    report.report_id,
    report.begin_at,
    report.end_at,
    report.arrived_at,
    report.authenticity,
    report.record_count
from counted_dmarc_report as report
join document using (document_id)
where report.policy_domain = $domain
    and report.day between $first and $last
order by report.day, report.reporter, report.document_id
