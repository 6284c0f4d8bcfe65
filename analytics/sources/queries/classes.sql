-- One row per (policy domain, source address) of `evidence`: its class by the rules, and the rule.
-- docs/classes.md explains the rules; the first that matches decides.
with own_network as (
    -- Networks from which mail passes by SPF, unless shared with other customers.
    select distinct evidence.policy_domain, named.asn
    from evidence
    join named using (policy_domain, source_ip)
    where evidence.ever_spf_aligned > 0 and not named.shared and named.asn is not null
),
own_name as (
    select distinct policy_domain, header_from
    from evidence
    where ever_aligned > 0
),
own_tenant as (
    -- The owner's accounts at a platform: DKIM domains that sign mail which also passes by SPF.
    select distinct evidence.policy_domain, evidence.other_dkim as name
    from evidence
    join named using (policy_domain, source_ip)
    left join sender_domain
        on sender_domain.identity = 'dkim' and sender_domain.domain = evidence.other_dkim
    where evidence.ever_spf_aligned > 0
        and evidence.other_dkim is not null
        and (sender_domain.sender is null or named.kind = 'mailbox')
),
lone as (
    -- Hosts seen on one or two days, without authentication.
    select evidence.policy_domain, evidence.first_here, evidence.last_here, named.asn
    from evidence
    join named using (policy_domain, source_ip)
    where evidence.ever_aligned = 0
        and evidence.unauthenticated > 0
        and evidence.days <= 2
        and bit_count(evidence.day_bits) <= 8
),
crowd as (
    -- Networks of such hosts by day: their first and last day are all their days.
    select policy_domain, day, count(distinct asn) as networks
    from (
        select policy_domain, asn, last_here as day from lone
        union all
        select policy_domain, asn, first_here as day from lone
    )
    group by policy_domain, day
),
crowd_days as (
    select crowd.policy_domain, bit_or(1::hugeint << least($last - crowd.day, 125)::hugeint) as bits
    from crowd
    where crowd.networks >= 4 and $last - crowd.day < 126
    group by crowd.policy_domain
),
window_crowd as (
    select policy_domain, count(distinct asn) as networks
    from lone
    group by policy_domain
),
total as (
    select policy_domain, sum(ever_aligned) as ever_aligned
    from evidence
    group by policy_domain
),
fact as (
    select
        evidence.*,
        named.* exclude (policy_domain, source_ip),
        evidence.messages - evidence.aligned - evidence.indeterminate as failing,
        stream.ever_aligned > 0 as stream_passes,
        stream.ever_spf_aligned > 0 as stream_passes_spf,
        stream.networks as stream_networks,
        coalesce(
            stream.aligned < 0.95 * (stream.messages - stream.indeterminate)
                or (
                    stream.fresh_messages >= 10
                    and stream.fresh_fails > 0.05 * stream.fresh_messages
                )
                or (
                    stream.latest_messages >= 5
                    and stream.latest_fails > 0.5 * stream.latest_messages
                ),
            false
        ) as stream_breaks,
        rhythm.rhythm,
        stream_rhythm.rhythm as stream_rhythm,
        named.kind is not null and named.kind not in ('list', 'forwarder') as vendor,
        named.kind is not null
            and named.sender in (authenticated_spf.sender, authenticated_dkim.sender) as authenticated_vendor,
        own_network.asn is not null as own_network,
        own_tenant.name is not null as own_tenant,
        own_name.header_from is null
            and evidence.header_from != evidence.policy_domain as strange_name,
        coalesce(crowd.networks, 0) as crowd_networks,
        coalesce(window_crowd.networks, 0) as window_crowd_networks,
        evidence.days <= 5
            and bit_count(evidence.day_bits) <= 15
            and evidence.window_bits & ~coalesce(crowd_days.bits, 0::hugeint) = 0
            as only_on_crowd_days,
        stream.ever_aligned < 0.1 * total.ever_aligned as small_share
    from evidence
    join named using (policy_domain, source_ip)
    join stream using (policy_domain, source)
    join total using (policy_domain)
    left join rhythm
        on rhythm.policy_domain = evidence.policy_domain
        and rhythm.source_ip = evidence.source_ip
    left join rhythm as stream_rhythm
        on stream_rhythm.policy_domain = evidence.policy_domain
        and stream_rhythm.source_ip is null
        and stream_rhythm.source = named.source
    left join sender_domain as authenticated_spf
        on authenticated_spf.identity = 'spf' and authenticated_spf.domain = evidence.other_spf
    left join sender_domain as authenticated_dkim
        on authenticated_dkim.identity = 'dkim' and authenticated_dkim.domain = evidence.other_dkim
    left join own_network
        on own_network.policy_domain = evidence.policy_domain and own_network.asn = named.asn
    left join own_tenant
        on own_tenant.policy_domain = evidence.policy_domain
        and own_tenant.name = evidence.other_dkim
    left join own_name
        on own_name.policy_domain = evidence.policy_domain
        and own_name.header_from = evidence.header_from
    left join crowd
        on crowd.policy_domain = evidence.policy_domain and crowd.day = evidence.last_here
    left join window_crowd on window_crowd.policy_domain = evidence.policy_domain
    left join crowd_days on crowd_days.policy_domain = evidence.policy_domain
),
ruled as (
    select
        *,
        case
            when aligned > 0 then case
                when spf_aligned = 0 and ever_spf_aligned = 0 and (
                    (forwards and (other_spf is not null or not stream_passes_spf))
                    or kind in ('forwarder', 'list')
                    or (
                        sender is null and not stream_passes_spf and (
                            spf_service_type in ('ISP', 'Email Provider', 'Education')
                            or (small_share and other_dkim is null)
                        )
                    )
                ) then 'forwarder-keeps-signature'
                when stream_breaks and (
                    (failing >= 3 and failing > 0.05 * (messages - indeterminate))
                    or (fresh_fails >= 2 and fresh_fails > 0.2 * fresh_messages)
                    or (latest_fails >= 2 and latest_fails > 0.5 * latest_messages)
                ) then 'broken-lately'
                else 'passes'
            end
            when failing = 0 then case
                when stream_passes then 'temporary-own' else 'temporary'
            end
            when own_unaligned > 0 then 'broken-alignment'
            when kind = 'list' then 'list-host'
            when called_list > 0 and not (vendor and stream_passes) then 'list-called'
            when own_dkim_fails > 0 and vendor and stream_passes and authenticated_vendor
                and not (forwards and sent_by_others > 0)  -- a mailbox provider may only forward it
                then 'broken-signature-vendor'
            when own_dkim_fails > 0 and signed_by_others > 0 and sent_by_others > 0
                and not coalesce(authenticated_vendor and not forwards, false)
                then 'list-signature'
            when called_forwarded > 0 or sealed > 0 then 'forwarder-called'
            when kind = 'forwarder' then 'forwarder-host'
            when own_dkim_fails > 0 and sent_by_others > 0
                and not coalesce(authenticated_vendor and not forwards, false)
                then 'forwarder-rewrites'
            when own_dkim_fails > 0 and (own_network or stream_passes or rhythm is not null
                or stream_rhythm is not null) then 'broken-signature'
            when own_tenant then 'broken-tenant'
            when stream_passes and not shared and sender is not null then 'broken-known'
            when authenticated_vendor and not forwards and stream_rhythm is not null
                then 'broken-vendor'
            when authenticated_vendor and not forwards then 'undecided-vendor'
            when sent_by_others > 0 and signed_by_others = 0
                and (
                    spf_service_type in ('ISP', 'Email Provider', 'Education', 'Web Host')
                    or forwards
                )
                and (spf_at_home or forwards)
                and days >= 4 and messages <= 10 * days
                then 'forwarder-unsigned'
            when unauthenticated > 0 and rhythm in ('daily', 'weekly') then 'broken-unsigned'
            when sent_by_others + signed_by_others > 0 and sender is null
                and stream_rhythm is null and stream_networks >= 2
                then 'spoof-stranger'
            when unauthenticated = failing and not own_network and not stream_passes
                and coalesce(rhythm, '') not in ('daily', 'weekly')
                and (
                    strange_name
                    or only_on_crowd_days
                    or (
                        bit_count(day_bits) <= 2
                        and (crowd_networks >= 4 or window_crowd_networks >= 10)
                    )
                )
                then 'spoof-crowd'
            else 'undecided'
        end as rule
    from fact
)
select
    *,
    case split_part(rule, '-', 1)
        when 'passes' then 'own'
        when 'temporary' then case when rule = 'temporary-own' then 'own' else 'undecided' end
        else split_part(rule, '-', 1)
    end as class
from ruled
