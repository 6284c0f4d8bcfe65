-- One row per name whose organizational domain decides whether mail aligns that a reporter, who saw
-- strict alignment, calls failing.
with failing as (
    select
        message.document_id,
        message.ordinal,
        message.header_from,
        message.envelope_from,
        not message.dkim_aligned and report.adkim = 's' as is_dkim,
        not message.spf_aligned and report.aspf = 's' as is_spf
    from dmarc_message as message
    join dmarc_report as report using (document_id)
    where message.policy_domain = $domain
        and message.day between $first and $last
        and (
            (not $strict_dkim and not message.dkim_aligned and report.adkim = 's')
            or (not $strict_spf and not message.spf_aligned and report.aspf = 's')
        )
)
select header_from as name
from failing
union
select dkim.domain as name
from failing
join dmarc_dkim as dkim
    on dkim.document_id = failing.document_id and dkim.record_ordinal = failing.ordinal
where failing.is_dkim
    and dkim.domain is not null
union
select coalesce(nullif(spf.domain, ''), failing.envelope_from) as name
from failing
join dmarc_spf as spf
    on spf.document_id = failing.document_id and spf.record_ordinal = failing.ordinal
where failing.is_spf
    and coalesce(nullif(spf.domain, ''), failing.envelope_from) is not null
order by name
