-- One row per (day, policy domain) with mail in the window.
with message as (
    select *
    from dmarc_message
    where day between $first and $last
        and ($domain is null or policy_domain = $domain)
),
source as (
    select policy_domain, source_ip, bool_or(aligned) as is_own
    from message
    group by policy_domain, source_ip
)
select
    message.day,
    message.policy_domain as domain,
    sum(message_count)::bigint as messages,
    coalesce(sum(message_count) filter (aligned), 0)::bigint as aligned,
    coalesce(sum(message_count) filter (is_own and not indeterminate), 0)::bigint as legitimate,
    coalesce(sum(message_count) filter (is_own and aligned), 0)::bigint as legitimate_aligned
from message
join source using (policy_domain, source_ip)
group by message.day, message.policy_domain
order by message.day, domain
