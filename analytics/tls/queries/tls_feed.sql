-- One row: the number of counted TLS reports of all days, and their newest day up to $last.
select
    count(*) as reports,
    max(day) filter (day <= $last) as last_day
from counted_tls_report
