-- One row per (reporter, kind) with reports in the window, most failed and unverified first: how
-- many are verified, unverified and failed, and how many count.
select
    reporter,
    kind,
    count(*) as reports,
    count(*) filter (authenticity = 'verified') as verified,
    count(*) filter (authenticity = 'unverified') as unverified,
    count(*) filter (authenticity = 'failed') as failed,
    count(*) filter (counted) as counted,
    max(day) as last_day
from report
where day between $first and $last
    and ($domains::text[] is null or list_has_any(domains, $domains::text[]))
group by reporter, kind
order by failed desc, unverified desc, reports desc, reporter, kind
