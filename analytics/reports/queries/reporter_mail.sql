-- One row per reporter with a counted DMARC report of the window: what its reports hold.
with mail as (
    select
        document_id,
        sum(message_count) as messages,
        sum(message_count) filter (authenticity != 'verified') as unverified
    from dmarc_message
    where day between $first and $last
        and ($domains::text[] is null or list_contains($domains::text[], policy_domain))
    group by document_id
)
select
    report.reporter,
    count(*) as reports,
    count(distinct report.day) as days,
    coalesce(sum(mail.messages), 0)::bigint as messages,
    coalesce(sum(mail.unverified), 0)::bigint as unverified
from counted_dmarc_report as report
left join mail using (document_id)
where report.day between $first and $last
    and ($domains::text[] is null or list_contains($domains::text[], report.policy_domain))
group by report.reporter
order by messages desc, reports desc, report.reporter
