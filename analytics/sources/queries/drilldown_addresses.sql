-- One row per (policy domain, source address) of `drilldown` with mail in the window: of one
-- reporter or all, all mail or only what fails.
select
    message.policy_domain as domain,
    message.source_ip,
    sum(message.message_count)::bigint as messages,
    coalesce(sum(message.message_count) filter (message.aligned), 0)::bigint as aligned,
    coalesce(sum(message.message_count) filter (message.dkim_aligned), 0)::bigint as dkim_aligned,
    coalesce(sum(message.message_count) filter (message.spf_aligned), 0)::bigint as spf_aligned,
    coalesce(sum(message.message_count) filter (message.indeterminate), 0)::bigint as indeterminate
from dmarc_message as message
join drilldown using (policy_domain, source_ip)
where message.day between $first and $last
    and ($domains::text[] is null or list_contains($domains::text[], message.policy_domain))
    and ($reporter is null or message.reporter = $reporter)
    and (not $failing::boolean or not message.aligned)
group by message.policy_domain, message.source_ip
order by domain, source_ip
