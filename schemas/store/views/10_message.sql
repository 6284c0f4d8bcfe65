-- One row per record of a counted DMARC report: messages of one source address, with the same
-- results. Flagged records are left out: they count in no rate. `day` is the UTC day of the
-- report's midpoint. `dated` says that the period is at most a day (plus the second or hour that
-- reporters exceed it by), so that the mail is of that day. `own_dkim` and `own_spf` are results of
-- identities in the policy domain's organizational domain. `other_dkim` and `other_spf` are other
-- domains that pass. `override` is how the receiver classifies the mail's route (mailing_list,
-- forwarded, arc). `indeterminate` marks failures that a temporary error of an own identity may
-- explain (RFC 9989 §5.3.6): they are in no denominator.
create or replace view dmarc_message as
select
    record.document_id,
    record.ordinal,
    report.day,
    report.end_at - report.begin_at <= interval 25 hours as dated,
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
        and coalesce(record.own_dkim = 'temperror' or record.own_spf = 'temperror', false)
        as indeterminate,
    record.own_dkim,
    record.own_spf,
    record.other_dkim,
    record.other_spf,
    record.override
from dmarc_record as record
join counted_dmarc_report as report using (document_id)
where record.flags is null;
