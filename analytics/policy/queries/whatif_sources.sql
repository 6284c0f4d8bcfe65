-- One row per (source, class) that would lose mail and is not spoof, the largest loss first.
with loss as (
    select
        source,
        class,
        sum(messages)::bigint as lost
    from replayed
    where state = 'fail'
        and class != 'spoof'
        and list_contains($enforced::text[], tag)
    group by source, class
),
sent as (
    select
        source,
        class,
        count(*) as source_ips,
        sum(messages)::bigint as messages
    from source_class
    where policy_domain = $domain
    group by source, class
)
select
    loss.source,
    sent.source_ips,
    loss.class,
    sent.messages,
    loss.lost
from loss
join sent using (source, class)
order by loss.lost desc, loss.source, loss.class
