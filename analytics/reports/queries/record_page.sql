-- One row per record of a page of a DMARC report, in its order, with its results and reasons as
-- lists; `total` records it has.
with page as (
    select *, count(*) over () as total
    from dmarc_record
    where document_id = $document
    order by ordinal
    limit $most
    offset $skip
)
select
    page.ordinal,
    page.source_ip_raw as source_ip,
    page.message_count as messages,
    page.disposition,
    page.dkim,
    page.spf,
    page.header_from,
    page.envelope_from,
    page.envelope_to,
    (
        select list(
            concat_ws(
                ' ', result, domain, selector, human_result, '[' || human_result_lang || ']'
            ) order by ordinal
        )
        from dmarc_dkim as result
        where result.document_id = $document
            and result.record_ordinal = page.ordinal
    ) as dkim_results,
    (
        select list(
            concat_ws(' ', result, domain, scope, human_result, '[' || human_result_lang || ']')
            order by ordinal
        )
        from dmarc_spf as result
        where result.document_id = $document
            and result.record_ordinal = page.ordinal
    ) as spf_results,
    (
        select list(concat_ws(' ', type, comment, '[' || comment_lang || ']') order by ordinal)
        from dmarc_reason as reason
        where reason.document_id = $document
            and reason.record_ordinal = page.ordinal
    ) as reasons,
    page.flags,
    page.total
from page
order by page.ordinal
