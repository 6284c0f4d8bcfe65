-- One row: the records that are sought, their messages, and how many of these come from reports
-- whose mail proves nothing of its sender.
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
join sought using (policy_domain, source_ip)
where message.day between $first and $last
    and ($domains::text[] is null or list_contains($domains::text[], message.policy_domain))
    and ($reporter is null or message.reporter = $reporter)
    and (not $failing::boolean or not message.aligned)
