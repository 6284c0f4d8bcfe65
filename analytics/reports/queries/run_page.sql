-- One row per run of an ingest of a page of those that began in the window, newest first; `total` of
-- them there are. Without an end it goes on, or was cut off.
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
