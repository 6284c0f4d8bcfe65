-- One row per stored document with this number (one or none): its outcome and its report.
select
    document.document_id as id,
    document.kind as document_kind,
    document.sha256,
    document.size,
    document.stored_at,
    outcome.status,
    outcome.report_kind as kind,
    outcome.of_document_id as of_id,
    outcome.code,
    outcome.reason,
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
    report.refused_record_count as refused_records,
    report.repairs,
    report.flags,
    details.extra_contact_info,
    details.extra_contact_info_lang,
    details.errors,
    details.error_langs
from document
join outcome using (document_id)
left join report on report.document_id = case
    when outcome.status = 'duplicate' then outcome.of_document_id
    else document.document_id
end
left join dmarc_report as details on details.document_id = report.document_id
where document.document_id = $document
