-- The same addresses, those of the newest counted reports first: a forged report can neither get
-- its addresses looked up before those of others nor push them back.
with due as (
    select address.source_ip
    from address
    left join ptr_lookup as known using (source_ip)
    left join (
        select unnest($outcomes::text[]) as outcome, unnest($since::timestamp[]) as since
    ) as age using (outcome)
    where coalesce(known.asked_at not between age.since and $now, true)
)
select due.source_ip
from due
left join (
    select record.source_ip, report.day, record.message_count
    from dmarc_record as record
    join dmarc_report as report using (document_id)
    where report.counted
        and report.day <= $now
        and len(report.flags) = 0
        and record.flags is null
) as met using (source_ip)
group by due.source_ip
order by max(met.day) desc nulls last, sum(met.message_count) desc nulls last, due.source_ip
