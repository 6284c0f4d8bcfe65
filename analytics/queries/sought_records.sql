-- One row per record that is sought, the newest first, of one page of them: with its results and
-- reasons as lists. `report` is the number of the document that it stands in.
with page as (
    select
        message.document_id,
        message.ordinal,
        message.day,
        message.reporter,
        message.policy_domain,
        message.authenticity,
        message.source_ip,
        sought.source,
        message.message_count,
        message.aligned,
        message.dkim_aligned,
        message.spf_aligned,
        message.indeterminate,
        message.disposition,
        message.header_from,
        message.envelope_from
    from dmarc_message as message
    join sought using (policy_domain, source_ip)
    where message.day between $first and $last
        and ($reporter is null or message.reporter = $reporter)
        and (not $failing::boolean or not message.aligned)
    order by message.day desc, message.document_id desc, message.ordinal
    limit $most
    offset $skip
)
select
    page.document_id as report,
    page.ordinal,
    page.day,
    page.reporter,
    page.policy_domain as domain,
    page.authenticity,
    page.source_ip,
    page.source,
    page.message_count as messages,
    page.aligned,
    page.dkim_aligned,
    page.spf_aligned,
    page.indeterminate,
    page.disposition,
    page.header_from,
    page.envelope_from,
    (
        select list(concat_ws(' ', result, domain, selector) order by ordinal)
        from dmarc_dkim as result
        where result.document_id = page.document_id
            and result.record_ordinal = page.ordinal
    ) as dkim_results,
    (
        select list(concat_ws(' ', result, domain, scope) order by ordinal)
        from dmarc_spf as result
        where result.document_id = page.document_id
            and result.record_ordinal = page.ordinal
    ) as spf_results,
    (
        select list(concat_ws(' ', type, comment) order by ordinal)
        from dmarc_reason as reason
        where reason.document_id = page.document_id
            and reason.record_ordinal = page.ordinal
    ) as reasons
from page
order by page.day desc, page.document_id desc, page.ordinal
