-- One row per (record of a counted DMARC report, UTC day that its period covers), for charts only:
-- a report itself belongs whole to the day of its midpoint. Messages are spread by the seconds of
-- each day in the period, evenly if it covers whole days. The remainder goes to the largest
-- fractions, the earlier day first, so that the parts add up to `message_count` of dmarc_message. A
-- period is half-open: one that ends at midnight does not reach the next day. Reporters end it at
-- 23:59:59 or 00:00:00, so an end within a second of midnight counts as midnight. A period without
-- length is its day.
create or replace view report_day as
with period as (
    select
        document_id,
        day as midpoint_day,
        date_trunc('day', begin_at + interval 12 hours) as begin_midnight,
        date_trunc('day', end_at + interval 12 hours) as end_midnight,
        case when abs(epoch(begin_at - begin_midnight)) <= 1 then begin_midnight else begin_at end
            as first_at,
        case when abs(epoch(end_at - end_midnight)) <= 1 then end_midnight else end_at end
            as last_at
    from counted_dmarc_report
),
covered as (
    select
        document_id,
        first_at,
        last_at,
        unnest(
            case
                when last_at <= first_at then [midpoint_day::timestamp]
                else range(date_trunc('day', first_at), last_at, interval 1 day)
            end
        ) as midnight
    from period
),
weighed as (
    select
        document_id,
        midnight::date as day,
        greatest(
            epoch(
                least(last_at, midnight + interval 1 day) - greatest(first_at, midnight)
            )::bigint,
            1
        ) as seconds,
        sum(seconds) over (partition by document_id)::bigint as all_seconds
    from covered
),
fractions as (
    select
        message.* exclude (day),
        weighed.day,
        message.message_count * seconds // all_seconds as whole,
        message.message_count * seconds % all_seconds as rest,
        message.message_count - sum(whole) over record as left_over,
        row_number() over (record order by rest desc, weighed.day) as place
    from dmarc_message as message
    join weighed using (document_id)
    window record as (partition by message.document_id, message.ordinal)
)
select
    document_id,
    ordinal,
    day,
    reporter,
    policy_domain,
    authenticity,
    header_from,
    envelope_from,
    source_ip,
    whole + case when place <= left_over then 1 else 0 end as message_count,
    disposition,
    dkim_aligned,
    spf_aligned,
    aligned,
    indeterminate
from fractions;
