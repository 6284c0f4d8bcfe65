-- One row per day on which mails with a report were stored: how many, and the delay before import
-- in hours since the mailbox received them. Without files and mails without such a time.
select
    stored_at::date as day,
    count(*) as mails,
    median(epoch(stored_at - received_at)) / 3600 as median_hours,
    quantile_cont(epoch(stored_at - received_at), 0.95) / 3600 as most_hours
from carrier
where is_mail
    and received_at is not null
    and received_at <= stored_at
    and stored_at::date between $first and $last
group by day
order by day
