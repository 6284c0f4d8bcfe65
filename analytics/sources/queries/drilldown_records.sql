-- One row per record of a page of the drill-down, the newest first, with its results and reasons as
-- lists. `report` is the number of its document.
-- Results are joined to the page only: a subquery in the select list would read those of all rows.
with page as materialized (
    select
        message.document_id,
        message.ordinal,
        message.day,
        message.reporter,
        message.policy_domain,
        message.authenticity,
        message.source_ip,
        drilldown.source,
        message.message_count,
        message.aligned,
        message.dkim_aligned,
        message.spf_aligned,
        message.indeterminate,
        message.disposition,
        message.header_from,
        message.envelope_from
    from dmarc_message as message
    join drilldown using (policy_domain, source_ip)
    where message.day between $first and $last
        and ($domains::text[] is null or list_contains($domains::text[], message.policy_domain))
        and ($reporter is null or message.reporter = $reporter)
        and (not $failing::boolean or not message.aligned)
    order by message.day desc, message.document_id desc, message.ordinal
    limit $most
    offset $skip
),
dkim as (
    select
        result.document_id,
        result.record_ordinal as ordinal,
        list(concat_ws(' ', result.result, result.domain, result.selector) order by result.ordinal)
            as results
    from dmarc_dkim as result
    join page
        on page.document_id = result.document_id
        and page.ordinal = result.record_ordinal
    group by result.document_id, result.record_ordinal
),
spf as (
    select
        result.document_id,
        result.record_ordinal as ordinal,
        list(concat_ws(' ', result.result, result.domain, result.scope) order by result.ordinal)
            as results
    from dmarc_spf as result
    join page
        on page.document_id = result.document_id
        and page.ordinal = result.record_ordinal
    group by result.document_id, result.record_ordinal
),
override as (
    select
        reason.document_id,
        reason.record_ordinal as ordinal,
        list(concat_ws(' ', reason.type, reason.comment) order by reason.ordinal) as reasons
    from dmarc_reason as reason
    join page
        on page.document_id = reason.document_id
        and page.ordinal = reason.record_ordinal
    group by reason.document_id, reason.record_ordinal
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
    dkim.results as dkim_results,
    spf.results as spf_results,
    override.reasons
from page
left join dkim using (document_id, ordinal)
left join spf using (document_id, ordinal)
left join override using (document_id, ordinal)
order by page.day desc, page.document_id desc, page.ordinal
