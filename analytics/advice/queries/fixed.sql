-- One row per (policy domain, source name) with mail of own sources from $since to $last: the days
-- with passing mail after the last day on which most of it failed. Without temporary errors (RFC
-- 9989 §5.3.6).
with day as (
    select
        message.policy_domain,
        source_class.source,
        message.day,
        sum(message.message_count) as messages,
        coalesce(sum(message.message_count) filter (message.aligned), 0) as aligned
    from dmarc_message as message
    join source_class using (policy_domain, source_ip)
    where message.day between $since and $last
        and not message.indeterminate
        and source_class.class = 'own'
        and list_contains($domains::text[], message.policy_domain)
    group by message.policy_domain, source_class.source, message.day
),
failed as (
    select policy_domain, source, max(day) as last_day
    from day
    where 2 * aligned < messages
    group by policy_domain, source
)
select
    day.policy_domain as domain,
    day.source,
    count(*) as days
from day
left join failed using (policy_domain, source)
where failed.last_day is null
    or day.day > failed.last_day
group by day.policy_domain, day.source
order by domain, source
