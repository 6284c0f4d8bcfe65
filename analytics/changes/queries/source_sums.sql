-- One row per (policy domain, source name) with mail in the window, over all addresses of the
-- source: its legitimate mail, and on how many days it sent. Legitimate is mail of its own and
-- broken addresses that is not indeterminate.
select
    message.policy_domain as domain,
    source_class.source,
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
    count(distinct message.day) as days
from dmarc_message as message
join source_class using (policy_domain, source_ip)
where message.day between $first and $last
    and ($domain is null or message.policy_domain = $domain)
group by message.policy_domain, source_class.source
order by domain, source
