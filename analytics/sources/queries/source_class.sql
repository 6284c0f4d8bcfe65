-- One row per (policy domain, source address) with mail in the window: its class by the rules, or
-- by an override, which takes precedence. `override` has the overrides, the first match decides.
with ruled as (
    select *
    from classified_by_rule
    where $domains::text[] is null or list_contains($domains::text[], policy_domain)
),
overridden as (
    select
        ruled.policy_domain,
        ruled.source_ip,
        min(override.place) as place
    from ruled
    join override using (policy_domain)
    left join address using (source_ip)
    where (override.kind = 'address' and override.value = ruled.source_ip)
        or (
            override.kind = 'network'
            and override.version = address.version
            and address.number between override.first_number and override.last_number
        )
        or (
            override.kind = 'domain'
            and (
                override.value in (ruled.other_dkim, ruled.other_spf)
                or ends_with(ruled.other_dkim, '.' || override.value)
                or ends_with(ruled.other_spf, '.' || override.value)
                or override.value = lower(ruled.source)  -- some services are named like domains
            )
        )
        or (override.kind = 'source' and override.value in (ruled.sender, lower(ruled.source)))
    group by ruled.policy_domain, ruled.source_ip
)
select
    ruled.* exclude (class),
    case
        when override.class = 'approved' then
            case when ruled.class = 'own' or ruled.rule = 'temporary' then 'own' else 'broken' end
        else coalesce(override.class, ruled.class)
    end as class,
    case
        when override.class is null then 'rule'
        when override.is_label then 'label'
        else 'approved'
    end as decided_by,
    override.match,
    override.note,
    override.made_at as labelled_at
from ruled
left join overridden using (policy_domain, source_ip)
left join override using (place)
