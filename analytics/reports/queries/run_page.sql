-- One row per ingest run of a page of the window, newest first; `total` is the number of all. A run
-- without an end is in progress or was interrupted.
select
    run_id,
    source,
    started_at,
    finished_at,
    epoch(finished_at - started_at) as seconds,
    messages,
    documents,
    stored,
    duplicate,
    conflict,
    refused,
    ignored,
    records,
    put_off,
    problem,
    count(*) over () as total
from run
where started_at::date between $first and $last
order by run_id desc
limit $most
offset $skip
