-- One row per (policy domain, source address) of `source_class`, made for the days before a window,
-- without mail in the window. Messages are those of the days before.
select
    policy_domain as domain,
    source_ip,
    source,
    sender,
    messages,
    first_seen,
    last_seen
from source_class
where ($domain is null or policy_domain = $domain) and not exists (
    select 1
    from dmarc_message as message
    where message.policy_domain = source_class.policy_domain
        and message.source_ip = source_class.source_ip
        and message.day between $first and $last
)
order by messages desc, domain, source_ip
