-- One row per (policy domain, source address) with mail in the window. First and last seen look
-- at all days up to the window's last.
with message as (
    select *
    from dmarc_message
    where day between $first and $last
        and ($domain is null or policy_domain = $domain)
),
seen as (
    select policy_domain, source_ip, min(day) as first_seen, max(day) as last_seen
    from dmarc_message
    where day <= $last
        and ($domain is null or policy_domain = $domain)
    group by policy_domain, source_ip
),
source as (
    select
        policy_domain,
        source_ip,
        sum(message_count)::bigint as messages,
        coalesce(sum(message_count) filter (aligned), 0)::bigint as aligned,
        coalesce(sum(message_count) filter (dkim_aligned), 0)::bigint as dkim_aligned,
        coalesce(sum(message_count) filter (spf_aligned), 0)::bigint as spf_aligned,
        bool_or(aligned) as is_own,
        count(distinct day) as days,
        count(distinct reporter) as reporters
    from message
    group by policy_domain, source_ip
)
select
    source.policy_domain as domain,
    source.source_ip,
    coalesce(address.service, address.as_name) as source,
    case when source.is_own then 'own' else 'undecided' end as class,
    source.messages,
    source.aligned,
    source.dkim_aligned,
    source.spf_aligned,
    seen.first_seen,
    seen.last_seen,
    source.days,
    source.reporters,
    address.country,
    address.asn,
    address.as_name
from source
join seen using (policy_domain, source_ip)
left join address using (source_ip)
order by source.messages desc, domain, source_ip
