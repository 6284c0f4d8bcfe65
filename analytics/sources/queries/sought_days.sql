-- One row per day of the window with mail that is sought: what passes aligned, what a temporary
-- error of the receiver leaves open, and all of it.
select
    message.day,
    sum(message.message_count)::bigint as messages,
    coalesce(sum(message.message_count) filter (message.aligned), 0)::bigint as aligned,
    coalesce(sum(message.message_count) filter (message.indeterminate), 0)::bigint as indeterminate
from dmarc_message as message
join sought using (policy_domain, source_ip)
where message.day between $first and $last
    and ($domains::text[] is null or list_contains($domains::text[], message.policy_domain))
    and ($reporter is null or message.reporter = $reporter)
    and (not $failing::boolean or not message.aligned)
group by message.day
order by message.day
