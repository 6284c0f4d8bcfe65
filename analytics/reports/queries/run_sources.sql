-- One row per source that was ever read, those whose latest run had a problem first: its latest run,
-- and when one last ended without a problem. `is_open`: the latest goes on, or was cut off.
with placed as (
    select
        *,
        row_number() over (partition by source order by run_id desc) as place,
        count(*) over (partition by source) as runs,
        max(finished_at) filter (problem is null) over (partition by source) as last_good_at
    from run
)
select
    source,
    runs,
    started_at as last_started_at,
    last_good_at,
    problem,
    finished_at is null as is_open,
    messages,
    put_off
from placed
where place = 1
order by problem is null, started_at desc, source
