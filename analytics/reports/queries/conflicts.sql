-- One row per report in the window with the identity of another report and other content, newest
-- first, with the other: `counts` is the document of the two that counts, if any.
with volume as (
    select document_id, least(sum(message_count), 9223372036854775807)::bigint as messages
    from dmarc_record
    where flags is null
        and document_id in (
            select unnest([document_id, of_document_id])
            from outcome
            where status = 'conflict'
        )
    group by document_id
)
select
    report.document_id as id,
    outcome.of_document_id as of_id,
    report.kind,
    report.day,
    report.reporter,
    report.domain,
    report.domains,
    report.report_id,
    report.authenticity,
    other.authenticity as of_authenticity,
    report.record_count as records,
    other.record_count as of_records,
    volume.messages,
    of_volume.messages as of_messages,
    case
        when report.counted then report.document_id
        when other.counted then other.document_id
    end as counts,
    document.stored_at
from outcome
join report using (document_id)
join document using (document_id)
left join report as other on other.document_id = outcome.of_document_id
left join volume on volume.document_id = report.document_id
left join volume as of_volume on of_volume.document_id = outcome.of_document_id
where outcome.status = 'conflict'
    and report.day between $first and $last
    and ($domains::text[] is null or list_has_any(report.domains, $domains::text[]))
order by report.document_id desc
