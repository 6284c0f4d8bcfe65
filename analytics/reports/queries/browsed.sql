-- One row per report of a page of the window, newest first; `total` is the number of all.
-- `messages` is without flagged records. `state` is counted, conflict (another report with its
-- identity counts), flagged (its content is invalid), failed (its mail failed authentication) or
-- unproven (its reporter also sends verified reports, or the settings require them).
with found as (
    select
        *,
        case
            when counted then 'counted'
            when authenticity = 'failed' then 'failed'
            when status = 'conflict' then 'conflict'
            when len(flags) > 0 then 'flagged'
            else 'unproven'
        end as state
    from report
    where day between $first and $last
        and ($domains::text[] is null or list_has_any(domains, $domains::text[]))
        and ($kind is null or kind = $kind)
        and ($reporter is null or reporter = $reporter)
        and ($authenticity is null or authenticity = $authenticity)
),
page as (
    select *, count(*) over () as total
    from found
    where $state is null or state = $state
    order by day desc, document_id desc
    limit $most
    offset $skip
),
volume as (
    select document_id, least(sum(message_count), 9223372036854775807)::bigint as messages
    from dmarc_record
    where document_id in (select document_id from page)
        and flags is null
    group by document_id
)
select
    page.document_id as id,
    page.kind,
    page.state,
    page.authenticity,
    page.day,
    page.reporter,
    page.domain,
    page.domains,
    page.report_id,
    page.begin_at,
    page.end_at,
    page.record_count as records,
    volume.messages,
    page.refused_record_count as refused_records,
    page.repairs,
    page.flags,
    page.total
from page
left join volume using (document_id)
order by page.day desc, page.document_id desc
