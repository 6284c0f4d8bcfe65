-- One row per dialect in `replayed`, and one (dialect null) over all: who reports how much.
-- `by_np` are messages that np decides on, which only receivers on RFC 9989 evaluate.
select
    dialect,
    sum(messages)::bigint as messages,
    coalesce(sum(messages) filter (state = 'fail' and tag = 'np'), 0)::bigint as by_np,
    count(distinct reporter) as reporters,
    count(distinct day) as days
from replayed
group by grouping sets ((dialect), ())
order by dialect nulls last
