-- One row per (policy domain, source name, class) with mail in the window, of `source_class`: the
-- addresses of a service that are of one class. `loudest` is the address with the most mail, with
-- what its reason is told from; what is not common to all addresses is NULL.
with gathered as (
    select
        policy_domain,
        source,
        class,
        arg_min(source_ip, (-messages, source_ip)) as source_ip,
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
    where $domain is null or policy_domain = $domain
    group by policy_domain, source, class
),
told as (
    select
        policy_domain,
        source_ip,
        struct_pack(
            source := source,
            source_ip := source_ip,
            class := class,
            decided_by := decided_by,
            rule := rule,
            sender := sender,
            match := match,
            note := note,
            said_at := said_at,
            messages := messages,
            aligned := aligned,
            indeterminate := indeterminate,
            fresh_messages := fresh_messages,
            fresh_fails := fresh_fails,
            last_aligned := last_aligned,
            first_seen := first_seen,
            last_seen := last_seen,
            days := days,
            reporters := bit_count(reporter_bits)::integer,
            other_dkim := other_dkim,
            other_spf := other_spf,
            header_from := header_from,
            rhythm := rhythm,
            stream_rhythm := stream_rhythm,
            stream_networks := stream_networks,
            crowd_networks := crowd_networks,
            throng_networks := throng_networks,
            strange_name := strange_name,
            called_list := called_list,
            called_forwarded := called_forwarded,
            sealed := sealed
        ) as loudest
    from source_class
)
select
    policy_domain as domain,
    gathered.* exclude (policy_domain),
    told.loudest
from gathered
join told using (policy_domain, source_ip)
order by gathered.messages desc, domain, gathered.source, gathered.class
