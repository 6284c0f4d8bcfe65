-- One row per day in the window with mail of the drill-down: all of it, what passes DMARC, and what
-- a temporary error at the receiver leaves indeterminate.
select
    message.day,
    sum(message.message_count)::bigint as messages,
    coalesce(sum(message.message_count) filter (message.aligned), 0)::bigint as aligned,
    coalesce(sum(message.message_count) filter (message.indeterminate), 0)::bigint as indeterminate
from dmarc_message as message
join drilldown using (policy_domain, source_ip)
where message.day between $first and $last
    and ($domains::text[] is null or list_contains($domains::text[], message.policy_domain))
    and ($reporter is null or message.reporter = $reporter)
    and (not $failing::boolean or not message.aligned)
group by message.day
order by message.day
