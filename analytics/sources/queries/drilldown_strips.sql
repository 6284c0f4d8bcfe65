-- One row per (policy domain, service, day) with mail of the drill-down, of listed services.
select
    message.policy_domain as domain,
    drilldown.source,
    message.day,
    sum(message.message_count)::bigint as messages,
    coalesce(sum(message.message_count) filter (message.aligned), 0)::bigint as aligned
from dmarc_message as message
join drilldown using (policy_domain, source_ip)
join (
    select
        unnest($of_domains::text[]) as policy_domain,
        unnest($sources::text[]) as source
) as listed
    on listed.policy_domain = drilldown.policy_domain
    and listed.source = drilldown.source
where message.day between $first and $last
    and ($domains::text[] is null or list_contains($domains::text[], message.policy_domain))
    and ($reporter is null or message.reporter = $reporter)
    and (not $failing::boolean or not message.aligned)
group by message.policy_domain, drilldown.source, message.day
order by domain, drilldown.source, message.day
