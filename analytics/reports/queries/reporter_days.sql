-- One row per (reporter, day) with counted reports in the window.
select
    reporter,
    day,
    count(*) filter (kind = 'dmarc') as dmarc_reports,
    count(*) filter (kind = 'tls') as tls_reports
from report
where counted
    and day between $first and $last
    and ($domains::text[] is null or list_has_any(domains, $domains::text[]))
group by reporter, day
order by reporter, day
