-- One row per (policy domain, source name, day) with mail in the window, over all addresses of the
-- source. Legitimate is mail of its own and broken addresses that is not indeterminate.
select
    message.policy_domain as domain,
    source_class.source,
    message.day,
    sum(message.message_count)::bigint as messages,
    coalesce(sum(message.message_count) filter (message.aligned), 0)::bigint as aligned,
    coalesce(sum(message.message_count) filter (message.dkim_aligned), 0)::bigint as dkim_aligned,
    coalesce(sum(message.message_count) filter (message.spf_aligned), 0)::bigint as spf_aligned,
    coalesce(sum(message.message_count) filter (message.indeterminate), 0)::bigint as indeterminate,
    coalesce(
        sum(message.message_count) filter (
            source_class.class in ('own', 'broken') and not message.indeterminate
        ),
        0
    )::bigint as legitimate,
    coalesce(
        sum(message.message_count) filter (
            source_class.class in ('own', 'broken') and message.aligned
        ),
        0
    )::bigint as legitimate_aligned,
    count(distinct message.reporter) as reporters
from dmarc_message as message
join source_class using (policy_domain, source_ip)
where message.day between $first and $last
    and ($domain is null or message.policy_domain = $domain)
group by message.policy_domain, source_class.source, message.day
order by domain, source, day
