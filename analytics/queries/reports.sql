-- One row per report in the window, newest first.
select
    report.document_id as id,
    report.kind,
    report.status,
    report.authenticity,
    report.counted,
    report.day,
    report.reporter,
    report.domain,
    report.domains,
    report.report_id,
    report.begin_at,
    report.end_at,
    report.record_count as records,
    (
        select sum(record.message_count)::bigint
        from dmarc_record as record
        where record.document_id = report.document_id
            and record.flags is null
    ) as messages,
    report.refused_record_count as refused_records,
    report.repairs,
    report.flags
from report
where report.day between $first and $last
    and ($domain is null or list_contains(report.domains, $domain))
    and ($reporter is null or report.reporter = $reporter)
    and ($authenticity is null or report.authenticity = $authenticity)
order by report.day desc, report.document_id desc
limit $most
