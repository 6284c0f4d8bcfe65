-- When each report arrived, for questions as of an earlier day: by its first carrier. A mail in a
-- file has the time of the copy, so its Date counts, too, if it is earlier. The time of a report in
-- a file says nothing: reports arrive the day after their period.
update dmarc_report as report
set arrived_at = arrival.arrived_at
from (
    select
        report.document_id,
        arg_min(
            case
                when carrier.is_mail
                then coalesce(
                    least(carrier.received_at, carrier.sent_at), carrier.stored_at
                )
                else least(carrier.received_at, report.end_at + interval 1 day)
            end,
            carrier.carrier_id
        ) as arrived_at
    from dmarc_report as report
    join delivery using (document_id)
    join carrier using (carrier_id)
    where report.document_id in (select unnest($documents::bigint[]))
    group by report.document_id
) as arrival
where arrival.document_id = report.document_id
    and arrival.arrived_at is distinct from report.arrived_at
