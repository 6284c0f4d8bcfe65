-- One row per reporter seen up to a day: how regularly it sends, and whether it fell silent.
-- `is_missing`: on 5 days or more of the four weeks before the last one, and on none since.
select
    reporter,
    count(*) as reports,
    count(distinct day) as days,
    min(day) as first_day,
    max(day) as last_day,
    count(distinct day) filter (day > $as_of::date - 35 and day <= $as_of::date - 7) >= 5
        and max(day) <= $as_of::date - 7 as is_missing
from counted_dmarc_report
where day <= $as_of
group by reporter
order by reports desc, reporter
