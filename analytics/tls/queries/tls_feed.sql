-- One row: the counted TLS reports of all days, and the newest day of theirs up to the last one.
select
    count(*) as reports,
    max(day) filter (day <= $last) as last_day
from counted_tls_report
