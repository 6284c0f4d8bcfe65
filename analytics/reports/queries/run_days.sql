-- One row per day on which runs began: what they read and made of it, and in how many seconds.
-- Seconds are those of runs that have ended.
select
    started_at::date as day,
    count(*) as runs,
    count(*) filter (problem is not null) as problems,
    sum(messages) as messages,
    sum(stored) as stored,
    sum(duplicate) as duplicate,
    sum(conflict) as conflict,
    sum(refused) as refused,
    sum(records) as records,
    coalesce(sum(epoch(finished_at - started_at)), 0) as seconds,
    coalesce(sum(messages) filter (finished_at is not null), 0) as timed_messages
from run
where started_at::date between $first and $last
group by day
order by day
