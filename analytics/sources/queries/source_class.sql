-- One row per (policy domain, source address) with mail in the window: its class by the rules, or
-- by the owner's word, which stands over them. `word` holds the words, the strongest first.
with ruled as (
    select *
    from classified_by_rule
    where $domains::text[] is null or list_contains($domains::text[], policy_domain)
),
said as (
    select
        ruled.policy_domain,
        ruled.source_ip,
        min(word.place) as place
    from ruled
    join word using (policy_domain)
    left join address using (source_ip)
    where (word.kind = 'address' and word.value = ruled.source_ip)
        or (
            word.kind = 'network'
            and word.version = address.version
            and address.number between word.first_number and word.last_number
        )
        or (
            word.kind = 'domain'
            and (
                word.value in (ruled.other_dkim, ruled.other_spf)
                or ends_with(ruled.other_dkim, '.' || word.value)
                or ends_with(ruled.other_spf, '.' || word.value)
                or word.value = lower(ruled.source)  -- some services are named like domains
            )
        )
        or (word.kind = 'source' and word.value in (ruled.sender, lower(ruled.source)))
    group by ruled.policy_domain, ruled.source_ip
)
select
    ruled.* exclude (class),
    case
        when word.class = 'approved' then
            case when ruled.class = 'own' or ruled.rule = 'temporary' then 'own' else 'broken' end
        else coalesce(word.class, ruled.class)
    end as class,
    case
        when word.class is null then 'rule'
        when word.is_label then 'label'
        else 'approved'
    end as decided_by,
    word.match,
    word.note,
    word.made_at as said_at
from ruled
left join said using (policy_domain, source_ip)
left join word using (place)
