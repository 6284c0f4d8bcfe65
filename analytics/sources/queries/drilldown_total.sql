-- One row: the records of the drill-down, their messages, and those of unverified reports.
select
    count(*) as records,
    count(distinct message.document_id) as reports,
    count(distinct message.reporter) as reporters,
    coalesce(sum(message.message_count), 0)::bigint as messages,
    coalesce(sum(message.message_count) filter (message.aligned), 0)::bigint as aligned,
    coalesce(
        sum(message.message_count) filter (message.authenticity != 'verified'),
        0
    )::bigint as unverified
from dmarc_message as message
join drilldown using (policy_domain, source_ip)
where message.day between $first and $last
    and ($domains::text[] is null or list_contains($domains::text[], message.policy_domain))
    and ($reporter is null or message.reporter = $reporter)
    and (not $failing::boolean or not message.aligned)
