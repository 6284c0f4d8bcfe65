-- One row per reporter with mail of the drill-down, most mail first.
select
    message.reporter,
    sum(message.message_count)::bigint as messages,
    coalesce(sum(message.message_count) filter (message.aligned), 0)::bigint as aligned,
    min(message.day) as first_seen,
    max(message.day) as last_seen
from dmarc_message as message
join drilldown using (policy_domain, source_ip)
where message.day between $first and $last
    and ($domains::text[] is null or list_contains($domains::text[], message.policy_domain))
    and (not $failing::boolean or not message.aligned)
group by message.reporter
order by messages desc, message.reporter
