-- One row per (policy domain, source name, class) with mail in `counted_address` (the window's mail,
-- or a part of it): the addresses of a service with one class.
-- `source_ip`, `decided_by`, `rule`, `sender`, and `largest`, from which the reason is made, are
-- those of the address with the most mail; country and network are NULL if they differ. `of_class`
-- is the class of the whole service, its largest one other than own above the floor, `of_messages`
-- the mail of all its classes.
with member as (
    select
        counted_address.domain,
        counted_address.source_ip,
        counted_address.messages,
        counted_address.aligned,
        counted_address.dkim_aligned,
        counted_address.spf_aligned,
        counted_address.indeterminate,
        source_class.source,
        source_class.class,
        source_class.first_seen,
        source_class.last_seen,
        source_class.days,
        source_class.country,
        source_class.asn,
        source_class.as_name,
        source_class.header_from
    from counted_address
    join source_class
        on source_class.policy_domain = counted_address.domain
        and source_class.source_ip = counted_address.source_ip
),
gathered as (
    select
        domain,
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
    from member
    group by domain, source, class
),
weighed as (
    select
        *,
        (sum(messages) over service)::bigint as of_messages,
        class != 'own'
            and (messages >= $floor_messages or messages >= $floor_share * of_messages)
            as is_above_floor
    from gathered
    window service as (partition by domain, source)
),
ranked as (
    select
        *,
        first_value(class) over (
            partition by domain, source
            order by is_above_floor desc, class != 'own', messages desc, class desc
        ) as of_class
    from weighed
)
select
    ranked.* exclude (is_above_floor),
    source_class.decided_by,
    case when source_class.decided_by = 'rule' then source_class.rule end as rule,
    source_class.sender,
    struct_pack(
        source_ip := source_class.source_ip,
        source := source_class.source,
        class := source_class.class,
        decided_by := source_class.decided_by,
        rule := source_class.rule,
        match := source_class.match,
        note := source_class.note,
        labelled_at := source_class.labelled_at,
        messages := source_class.messages,
        aligned := source_class.aligned,
        indeterminate := source_class.indeterminate,
        fresh_messages := source_class.fresh_messages,
        fresh_fails := source_class.fresh_fails,
        last_aligned := source_class.last_aligned,
        first_seen := source_class.first_seen,
        last_seen := source_class.last_seen,
        days := source_class.days,
        reporters := bit_count(source_class.reporter_bits)::integer,
        other_dkim := source_class.other_dkim,
        other_spf := source_class.other_spf,
        header_from := source_class.header_from,
        rhythm := source_class.rhythm,
        stream_rhythm := source_class.stream_rhythm,
        stream_networks := source_class.stream_networks,
        crowd_networks := source_class.crowd_networks,
        window_crowd_networks := source_class.window_crowd_networks,
        strange_name := source_class.strange_name,
        called_list := source_class.called_list,
        called_forwarded := source_class.called_forwarded,
        sealed := source_class.sealed
    ) as largest
from ranked
join source_class
    on source_class.policy_domain = ranked.domain
    and source_class.source_ip = ranked.source_ip
order by messages desc, domain, source, class
