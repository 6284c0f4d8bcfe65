-- One row per record of a DMARC report, with its results and reasons as lists; the language that
-- a text says it is in stands behind it in brackets.
select
    record.ordinal,
    record.source_ip_raw as source_ip,
    record.message_count as messages,
    record.disposition,
    record.dkim,
    record.spf,
    record.header_from,
    record.envelope_from,
    record.envelope_to,
    (
        select list(
            concat_ws(
                ' ', result, domain, selector, human_result, '[' || human_result_lang || ']'
            ) order by ordinal
        )
        from dmarc_dkim as result
        where result.document_id = record.document_id
            and result.record_ordinal = record.ordinal
    ) as dkim_results,
    (
        select list(
            concat_ws(
                ' ', result, domain, scope, human_result, '[' || human_result_lang || ']'
            ) order by ordinal
        )
        from dmarc_spf as result
        where result.document_id = record.document_id
            and result.record_ordinal = record.ordinal
    ) as spf_results,
    (
        select list(
            concat_ws(' ', type, comment, '[' || comment_lang || ']') order by ordinal
        )
        from dmarc_reason as reason
        where reason.document_id = record.document_id
            and reason.record_ordinal = record.ordinal
    ) as reasons,
    record.flags
from dmarc_record as record
where record.document_id = $document
order by record.ordinal
