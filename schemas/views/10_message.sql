-- One row per record of a counted DMARC report: messages of one source address, evaluated alike.
-- Records flagged as senseless are left out: they count in no rate. `day` is the UTC day of the report's midpoint.
-- `indeterminate` marks failures that a temporary error of an own identity may explain
-- (RFC 9989 §5.3.6): they stand in no denominator.
create or replace view dmarc_message as
with temporary as (
    select document_id, record_ordinal as ordinal, domain
    from dmarc_dkim
    where result = 'temperror'
    union all
    select document_id, record_ordinal as ordinal, domain
    from dmarc_spf
    where result = 'temperror' and coalesce(scope, 'mfrom') = 'mfrom'
),
hiccup as (
    select distinct temporary.document_id, temporary.ordinal
    from temporary
    join dmarc_report as report using (document_id)
    where contains(temporary.domain, '.')
        and (
            temporary.domain = report.policy_domain
            or ends_with(temporary.domain, '.' || report.policy_domain)
            or ends_with(report.policy_domain, '.' || temporary.domain)
        )
)
select
    record.document_id,
    record.ordinal,
    report.day,
    report.reporter,
    report.policy_domain,
    report.authenticity,
    record.header_from,
    record.envelope_from,
    record.source_ip,
    record.message_count,
    record.disposition,
    coalesce(record.dkim = 'pass', false) as dkim_aligned,
    coalesce(record.spf = 'pass', false) as spf_aligned,
    coalesce(record.dkim = 'pass', false) or coalesce(record.spf = 'pass', false) as aligned,
    not coalesce(record.dkim = 'pass' or record.spf = 'pass', false)
        and hiccup.document_id is not null as indeterminate
from dmarc_record as record
join counted_dmarc_report as report using (document_id)
left join hiccup using (document_id, ordinal)
where record.flags is null;
