-- One row per reporter seen up to a day, on the domains asked for: how regularly it sends, and
-- whether it fell silent.
-- `recent_days`: days with its reports, of the 35 up to that day. `delay_hours`: the median from the
-- end of a report's period to its mail, of those 35 days' reports (a file without a time has none).
-- `is_missing`: on 5 days or more of four weeks, and on none of the $silent_days days since.
with arrival as (
    select
        delivery.document_id,
        min(coalesce(carrier.received_at, carrier.sent_at)) as arrived_at
    from delivery
    join carrier using (carrier_id)
    group by delivery.document_id
)
select
    report.reporter,
    count(*) as reports,
    count(distinct report.day) as days,
    count(distinct report.day) filter (report.day > $as_of::date - 35) as recent_days,
    round(
        median(epoch(arrival.arrived_at - report.end_at) / 3600) filter (
            report.day > $as_of::date - 35 and arrival.arrived_at >= report.end_at
        ),
        1
    ) as delay_hours,
    min(report.day) as first_day,
    max(report.day) as last_day,
    count(distinct report.day) filter (
        report.day > $as_of::date - 28 - $silent_days::integer
            and report.day <= $as_of::date - $silent_days::integer
    ) >= 5
        and max(report.day) <= $as_of::date - $silent_days::integer as is_missing
from counted_dmarc_report as report
left join arrival using (document_id)
where report.day <= $as_of
    and ($domains::text[] is null or list_contains($domains::text[], report.policy_domain))
group by report.reporter
order by reports desc, report.reporter
