-- One row per (day, authenticity) with reports in the window.
select
    day,
    authenticity,
    count(*) as reports
from report
where day between $first and $last
    and ($domains::text[] is null or list_has_any(domains, $domains::text[]))
group by day, authenticity
order by day, authenticity
