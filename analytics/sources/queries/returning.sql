-- One row per source name (source_ip null) or address with mail that never passes, seen on at least
-- $days days or weeks by $reporters reporters: those that may have a rhythm.
with failing as (
    select policy_domain, source, null as source_ip, day_bits, week_bits, reporter_bits
    from stream
    union all
    select policy_domain, null as source, source_ip, day_bits, week_bits, reporter_bits
    from evidence
    where ever_aligned = 0
)
select policy_domain, source, source_ip, day_bits, week_bits
from failing
where bit_count(reporter_bits) >= $reporters
    and (bit_count(day_bits) >= $days or bit_count(week_bits) >= $days)
order by policy_domain, source, source_ip
