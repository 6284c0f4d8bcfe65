-- One row per (disposition, override reason) of a domain's mail that fails as its receivers saw it:
-- what they did with it. `weaker` are messages treated more mildly than the policy they saw.
with reason as (
    select
        document_id,
        record_ordinal as ordinal,
        arg_min(type, ordinal) as reason
    from dmarc_reason
    where type is not null
    group by document_id, record_ordinal
),
failing as (
    select
        message.message_count,
        coalesce(message.disposition, 'unknown') as disposition,
        reason.reason,
        list_position(['quarantine', 'reject'], message.disposition) as applied,
        -- RFC 9989 §4.7: t=y asks for one level less; whoever does not know t applies p in full.
        case when report.testing = 'y' and report.dialect = 'rfc9990' then 1 else 0 end as mercy,
        case
            when message.header_from = message.policy_domain then [report.p]
            -- Whether the name exists is not known, and some leave out an sp that is published
            -- (D16): the milder one is meant.
            else [coalesce(report.sp, 'none'), coalesce(report.np, report.sp, 'none')]
        end as asked
    from dmarc_message as message
    join dmarc_report as report using (document_id)
    left join reason using (document_id, ordinal)
    where message.policy_domain = $domain
        and message.day between $first and $last
        and not message.aligned
        and not message.indeterminate
)
select
    disposition,
    reason,
    sum(message_count)::bigint as messages,
    coalesce(
        sum(message_count) filter (
            coalesce(applied, 0) < list_min(
                [
                    coalesce(list_position(['quarantine', 'reject'], each), 0) - mercy
                    for each in asked
                ]
            )
        ),
        0
    )::bigint as weaker
from failing
group by disposition, reason
order by disposition, reason
