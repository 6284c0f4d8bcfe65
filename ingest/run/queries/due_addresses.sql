-- Addresses that were not looked up since the time given for their outcome. A look-up in the
-- future was made by a wrong clock and does not count. In no order: one is enough to know that
-- some are due.
select address.source_ip
from address
left join ptr_lookup as known using (source_ip)
left join (
    select unnest($outcomes::text[]) as outcome, unnest($since::timestamp[]) as since
) as age using (outcome)
where coalesce(known.asked_at not between age.since and $now, true)
