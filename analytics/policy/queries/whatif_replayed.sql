-- One row per kind of mail of a domain in the window, under the alignment modes asked for: its
-- source and class, the tag that applies, and whether it passes. `state` is pass, fail or indeterminate.
-- A mode that the reporter saw published, too: its own result stands. Another one is computed from
-- the identifiers, within what the reporter found: what fails relaxed fails strict, and what passes
-- strict passes relaxed. `not_replayed` says why that could not be, and then the reporter's result
-- stands as well; it is empty where the outcome does not hang on it.
with seen as (
    select
        document_id,
        dialect,
        -- RFC 9989 §4.7: an absent or unknown mode is relaxed.
        coalesce(adkim = 's', false) != $strict_dkim as dkim_differs,
        coalesce(aspf = 's', false) != $strict_spf as spf_differs
    from counted_dmarc_report
    where policy_domain = $domain
        and day between $first and $last
),
authorless as (
    -- The policy domain replaces a From that the report omits: strict alignment is unknown.
    select document_id, ordinal
    from dmarc_record
    where coalesce(header_from_raw, '') = ''
),
message as (
    -- What is to be judged again: often nothing.
    select
        message.document_id,
        message.ordinal,
        message.header_from,
        message.envelope_from,
        message.dkim_aligned,
        message.spf_aligned,
        seen.dkim_differs,
        seen.spf_differs,
        authorless.document_id is not null as is_authorless
    from dmarc_message as message
    join seen using (document_id)
    left join authorless using (document_id, ordinal)
    where seen.dkim_differs or seen.spf_differs
),
signature as (
    select
        message.document_id,
        message.ordinal,
        -- RFC 9989 §4.4.1: a signature that passes, and its d= domain.
        nullif(dkim.domain, '') as domain,
        coalesce(dkim.result, 'unknown') as result,
        coalesce(
            dkim.domain = message.header_from
                or (not $strict_dkim and signer.organization = author.organization),
            false
        ) as is_aligned
    from message
    join dmarc_dkim as dkim
        on dkim.document_id = message.document_id and dkim.record_ordinal = message.ordinal
    left join organization as signer on signer.name = dkim.domain
    left join organization as author on author.name = message.header_from
    where message.dkim_differs
),
dkim as (
    select
        document_id,
        ordinal,
        bool_or(result = 'pass' and is_aligned) as passes,
        bool_or(result = 'temperror' and is_aligned) as is_temporary,
        bool_or(domain is null and result in ('pass', 'unknown')) as is_nameless,
        bool_or(is_aligned and result = 'unknown') as is_unclear
    from signature
    group by document_id, ordinal
),
envelope as (
    select
        message.document_id,
        message.ordinal,
        message.header_from,
        -- RFC 9989 §4.4.2: MAIL FROM alone, never HELO; no scope is MAIL FROM (RFC 9990
        -- §3.1.1.13), and no domain that of envelope_from.
        coalesce(spf.scope, 'mfrom') as scope,
        coalesce(nullif(spf.domain, ''), nullif(message.envelope_from, '')) as domain,
        coalesce(spf.result, 'unknown') as result
    from message
    join dmarc_spf as spf
        on spf.document_id = message.document_id and spf.record_ordinal = message.ordinal
    where message.spf_differs
),
sent as (
    select
        envelope.*,
        scope != 'helo'
            and coalesce(
                envelope.domain = envelope.header_from
                    or (not $strict_spf and sender.organization = author.organization),
                false
            ) as is_aligned
    from envelope
    left join organization as sender on sender.name = envelope.domain
    left join organization as author on author.name = envelope.header_from
),
spf as (
    select
        document_id,
        ordinal,
        bool_or(result = 'pass' and is_aligned and scope = 'mfrom') as passes,
        bool_or(result = 'temperror' and is_aligned and scope = 'mfrom') as is_temporary,
        bool_or(
            domain is null and scope != 'helo' and result in ('pass', 'unknown')
        ) as is_nameless,
        bool_or(
            is_aligned and (result = 'unknown' or (result = 'pass' and scope != 'mfrom'))
        ) as is_unclear
    from sent
    group by document_id, ordinal
),
judged as (
    select
        message.document_id,
        message.ordinal,
        message.dkim_differs,
        message.spf_differs,
        case
            when not message.dkim_differs or message.dkim_aligned != $strict_dkim then null
            when $strict_dkim and message.is_authorless then 'no-author'
            -- RFC 9990 §3.1.1.12: mail without a signature has no result, and fails.
            when dkim.document_id is null
                then case when message.dkim_aligned then 'no-result' end
            when dkim.passes then null
            when dkim.is_nameless then 'no-domain'
            when dkim.is_unclear then 'unclear-result'
        end as dkim_open,
        case
            when not message.spf_differs or message.spf_aligned != $strict_spf then null
            when $strict_spf and message.is_authorless then 'no-author'
            when spf.document_id is null then 'no-result'
            when spf.passes then null
            when spf.is_nameless then 'no-domain'
            when spf.is_unclear then 'unclear-result'
        end as spf_open,
        case
            when not message.dkim_differs then message.dkim_aligned
            when $strict_dkim
                then message.dkim_aligned and (dkim_open is not null or dkim.passes)
            else message.dkim_aligned or coalesce(dkim.passes, false)
        end as dkim_passes,
        case
            when not message.spf_differs then message.spf_aligned
            when $strict_spf then message.spf_aligned and (spf_open is not null or spf.passes)
            else message.spf_aligned or coalesce(spf.passes, false)
        end as spf_passes,
        coalesce(dkim.is_temporary, false) as dkim_temporary,
        coalesce(spf.is_temporary, false) as spf_temporary
    from message
    left join dkim using (document_id, ordinal)
    left join spf using (document_id, ordinal)
),
compared as (
    select
        message.policy_domain,
        message.source_ip,
        message.header_from,
        message.reporter,
        message.day,
        message.authenticity,
        message.message_count,
        seen.dialect,
        judged.dkim_open,
        judged.spf_open,
        coalesce(judged.dkim_passes, message.dkim_aligned) as dkim_passes,
        coalesce(judged.spf_passes, message.spf_aligned) as spf_passes,
        -- RFC 9989 §5.3.6: a temporary error of an aligned identity is no failure.
        case
            when judged.dkim_differs then judged.dkim_temporary
            else coalesce(message.own_dkim = 'temperror', false)
        end as dkim_temporary,
        case
            when judged.spf_differs then judged.spf_temporary
            else coalesce(message.own_spf = 'temperror', false)
        end as spf_temporary
    from dmarc_message as message
    join seen using (document_id)
    left join judged using (document_id, ordinal)
)
select
    compared.reporter,
    compared.day,
    compared.dialect,
    compared.authenticity = 'verified' as is_verified,
    source_class.source,
    source_class.class,
    author_name.tag,
    author_name.is_sure,
    case
        when compared.dkim_passes or compared.spf_passes then 'pass'
        when compared.dkim_temporary or compared.spf_temporary then 'indeterminate'
        else 'fail'
    end as state,
    case
        when (compared.dkim_passes and compared.dkim_open is null)
            or (compared.spf_passes and compared.spf_open is null)
            then null
        else coalesce(compared.dkim_open, compared.spf_open)
    end as not_replayed,
    sum(compared.message_count)::bigint as messages
from compared
join source_class using (policy_domain, source_ip)
join author_name on author_name.name = compared.header_from
group by all
