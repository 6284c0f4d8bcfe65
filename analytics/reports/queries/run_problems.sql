-- One row per (source, problem) of the runs that began in the window, the latest first.
-- `is_over`: a later run of that source ended without one.
select
    run.source,
    run.problem,
    count(*) as runs,
    min(run.started_at) as first_at,
    max(run.started_at) as last_at,
    coalesce(max(good.finished_at) > max(run.started_at), false) as is_over
from run
left join (
    select source, max(finished_at) as finished_at
    from run
    where problem is null
    group by source
) as good on good.source = run.source
where run.problem is not null
    and run.started_at::date between $first and $last
group by run.source, run.problem
order by last_at desc, run.source, run.problem
