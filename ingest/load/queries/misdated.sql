-- One row per report whose flag is to change: whether its period ends more than 2 days after it
-- arrived. A time before 2012 comes from a clock that was not set, and is skipped.
with report as (
    select document_id, end_at, flags from dmarc_report
    union all
    select document_id, end_at, flags from tls_report
),
arrival as (
    select
        delivery.document_id,
        arg_min(
            coalesce(
                case when received_at >= date '2012-01-01' then received_at end,
                case when sent_at >= date '2012-01-01' then sent_at end,
                case when stored_at >= date '2012-01-01' then stored_at end
            ),
            carrier_id
        ) as arrived_at
    from delivery
    join carrier using (carrier_id)
    where delivery.document_id in (select unnest($documents::bigint[]))
    group by delivery.document_id
)
select
    report.document_id,
    coalesce(report.end_at > arrival.arrived_at + interval 2 days, false) as is_misdated
from report
join arrival using (document_id)
where is_misdated != list_contains(report.flags, $flag)
order by report.document_id
