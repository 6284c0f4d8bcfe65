-- One row per (policy domain, source address) of `evidence`: the sender it belongs to.
-- A domain that passes SPF runs the host. A DKIM signature survives forwarding, so it identifies the
-- source only if network or host name agree; then come the host name and the network. A host name
-- counts only if it resolves back to the address: anyone can name a host google.com.
with matched as (
    select
        evidence.policy_domain,
        evidence.source_ip,
        address.asn,
        address.as_name,
        address.country,
        address.service,
        ptr.name as ptr,
        claim.name as unconfirmed_ptr,
        by_spf.sender as spf_sender,
        by_dkim.sender as dkim_sender,
        by_ptr.sender as ptr_sender,
        coalesce(by_as.sender, by_service.sender) as network_sender,
        agreeing.sender is not null as dkim_agrees,
        coalesce(spf_owner.service, spf_owner.registered) as spf_service,
        spf_owner.service_type as spf_service_type,
        ptr_owner.service as ptr_service
    from evidence
    left join address using (source_ip)
    left join ptr_lookup as ptr
        on ptr.source_ip = evidence.source_ip and ptr.confirmed
    left join ptr_lookup as claim
        on claim.source_ip = evidence.source_ip and not claim.confirmed
    left join sender_domain as by_spf
        on by_spf.identity = 'spf' and by_spf.domain = evidence.other_spf
    left join sender_domain as by_dkim
        on by_dkim.identity = 'dkim' and by_dkim.domain = evidence.other_dkim
    left join sender_domain as by_ptr on by_ptr.identity = 'ptr' and by_ptr.domain = ptr.name
    left join sender_network as by_as on by_as.alone and by_as.asn = address.asn
    left join sender_service as by_service using (service)
    left join sender_network as agreeing
        on agreeing.sender = by_dkim.sender and agreeing.asn = address.asn
    left join known_domain as spf_owner on spf_owner.domain = evidence.other_spf
    left join known_domain as ptr_owner on ptr_owner.domain = ptr.name
),
chosen as (
    select
        *,
        case
            when spf_sender is not null then spf_sender
            when dkim_agrees or dkim_sender = ptr_sender then dkim_sender
            when ptr_sender is not null then ptr_sender
            when spf_service is null then network_sender
        end as sender
    from matched
)
select
    chosen.policy_domain,
    chosen.source_ip,
    chosen.sender,
    coalesce(
        sender.name,
        chosen.spf_service,
        chosen.ptr_service,
        chosen.service,
        chosen.as_name,
        chosen.source_ip
    ) as source,
    sender.kind,
    coalesce(sender.shared, false) as shared,
    coalesce(sender.forwards, false) as forwards,
    chosen.spf_service_type,
    chosen.spf_service is not null and chosen.spf_service in (chosen.service, chosen.ptr_service)
        as spf_at_home,
    chosen.asn,
    chosen.as_name,
    chosen.country,
    chosen.ptr,
    chosen.unconfirmed_ptr
from chosen
left join sender on sender.id = chosen.sender
