-- One row per policy domain: its mail in the window, and the policy seen last.
-- Legitimate is mail of own and broken sources (`source_class`) that is not indeterminate.
-- The cluster columns are sums over (reporter, day).
with message as (
    select *
    from dmarc_message
    where day between $first and $last
        and ($domain is null or policy_domain = $domain)
),
cluster as (
    select
        policy_domain,
        sum(message_count) as messages,
        sum(message_count) filter (message.aligned) as aligned,
        sum(message_count) filter (authenticity != 'verified') as unverified,
        sum(message_count) filter (class in ('own', 'broken') and not message.indeterminate) as n,
        coalesce(sum(message_count) filter (class in ('own', 'broken') and message.aligned), 0) as x
    from message
    join source_class using (policy_domain, source_ip)
    group by policy_domain, reporter, day
),
total as (
    select
        policy_domain,
        sum(messages) as messages,
        coalesce(sum(aligned), 0) as aligned,
        coalesce(sum(unverified), 0) as unverified,
        coalesce(sum(n), 0) as legitimate,
        sum(x) as legitimate_aligned,
        count(n) as clusters,
        -- Added up as whole and decimal numbers, whose sum no order of rows changes.
        sum(x * x)::double as xx,
        sum(x * n)::double as xn,
        sum(n * n)::double as nn,
        sum((x::double * x / nullif(n, 0))::decimal(38, 6))::double as xx_n,
        coalesce(sum(n - x) filter (n > 1), 0)::double as grouped_failures,
        coalesce(
            sum(((n - x)::double * (n - x - 1) / nullif(n - 1, 0))::decimal(38, 6)), 0
        )::double as joint_failures
    from cluster
    group by policy_domain
),
class_total as (
    select
        policy_domain,
        count(*) filter (class = 'undecided') as undecided_sources,
        coalesce(sum(messages) filter (class = 'own'), 0)::bigint as own,
        coalesce(sum(messages) filter (class = 'broken'), 0)::bigint as broken,
        coalesce(sum(messages) filter (class = 'forwarder'), 0)::bigint as forwarder,
        coalesce(sum(messages) filter (class = 'list'), 0)::bigint as list,
        coalesce(sum(messages) filter (class = 'spoof'), 0)::bigint as spoof,
        coalesce(sum(messages) filter (class = 'undecided'), 0)::bigint as undecided
    from source_class
    group by policy_domain
),
policy as (
    select
        policy_domain,
        arg_max(
            struct_pack(
                p := p, sp := sp, np := np, adkim := adkim, aspf := aspf, pct := pct, t := t
            ),
            (end_at, document_id)
        ) as published,
        count(*) filter (day between $first and $last) as reports,
        max(end_at) as last_report
    from seen_policy
    where day <= $last
        and end_at < $last::date + 3  -- a period that ends in the future says nothing about today
        and ($domain is null or policy_domain = $domain)
    group by policy_domain
)
select
    policy.policy_domain as domain,
    policy.published,
    policy.reports,
    coalesce(total.messages, 0)::bigint as messages,
    coalesce(total.aligned, 0)::bigint as aligned,
    coalesce(total.unverified, 0)::bigint as unverified,
    coalesce(total.legitimate, 0)::bigint as legitimate,
    coalesce(total.legitimate_aligned, 0)::bigint as legitimate_aligned,
    coalesce(total.clusters, 0) as clusters,
    coalesce(total.xx, 0) as xx,
    coalesce(total.xn, 0) as xn,
    coalesce(total.nn, 0) as nn,
    coalesce(total.xx_n, 0) as xx_n,
    coalesce(total.grouped_failures, 0) as grouped_failures,
    coalesce(total.joint_failures, 0) as joint_failures,
    struct_pack(
        own := coalesce(class_total.own, 0),
        broken := coalesce(class_total.broken, 0),
        forwarder := coalesce(class_total.forwarder, 0),
        list := coalesce(class_total.list, 0),
        spoof := coalesce(class_total.spoof, 0),
        undecided := coalesce(class_total.undecided, 0)
    ) as classes,
    coalesce(class_total.undecided_sources, 0) as undecided_sources,
    policy.last_report
from policy
left join total using (policy_domain)
left join class_total using (policy_domain)
order by messages desc, domain
