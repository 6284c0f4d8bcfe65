-- One row per (reporter, day) with a counted DMARC report on the domains asked for.
select reporter, day, count(*) as reports
from counted_dmarc_report
where day between $since and $last
    and ($domains::text[] is null or list_contains($domains::text[], policy_domain))
group by reporter, day
order by reporter, day
