-- One row per (policy domain, service, day) with mail that is sought, of the services listed alone.
select
    message.policy_domain as domain,
    sought.source,
    message.day,
    sum(message.message_count)::bigint as messages,
    coalesce(sum(message.message_count) filter (message.aligned), 0)::bigint as aligned
from dmarc_message as message
join sought using (policy_domain, source_ip)
join (
    select
        unnest($of_domains::text[]) as policy_domain,
        unnest($sources::text[]) as source
) as listed
    on listed.policy_domain = sought.policy_domain
    and listed.source = sought.source
where message.day between $first and $last
    and ($domains::text[] is null or list_contains($domains::text[], message.policy_domain))
    and ($reporter is null or message.reporter = $reporter)
    and (not $failing::boolean or not message.aligned)
group by message.policy_domain, sought.source, message.day
order by domain, sought.source, message.day
