-- One row per (policy domain, source name, class) with mail in the window, of `source_class`: the
-- addresses of a service that are of one class. What is said of the address with the most mail is
-- said of all: `source_ip`, `decided_by`, `rule`, `sender`; what is not common to all is NULL.
select
    policy_domain as domain,
    source,
    class,
    arg_min(source_ip, (-messages, source_ip)) as source_ip,
    arg_min(decided_by, (-messages, source_ip)) as decided_by,
    arg_min(case when decided_by = 'rule' then rule end, (-messages, source_ip)) as rule,
    arg_min(sender, (-messages, source_ip)) as sender,
    count(*) as source_ips,
    sum(messages)::bigint as messages,
    sum(aligned)::bigint as aligned,
    sum(dkim_aligned)::bigint as dkim_aligned,
    sum(spf_aligned)::bigint as spf_aligned,
    sum(indeterminate)::bigint as indeterminate,
    min(first_seen) as first_seen,
    max(last_seen) as last_seen,
    max(days) as days,
    case when count(distinct coalesce(country, '')) = 1 then any_value(country) end as country,
    case when count(distinct coalesce(asn, -1)) = 1 then any_value(asn) end as asn,
    case when count(distinct coalesce(as_name, '')) = 1 then any_value(as_name) end as as_name,
    list_sort(list(distinct header_from) filter (header_from is not null)) as header_froms
from source_class
where ($domain is null or policy_domain = $domain)
    and ($classes::text[] is null or list_contains($classes::text[], class))
group by policy_domain, source, class
order by messages desc, domain, source, class
