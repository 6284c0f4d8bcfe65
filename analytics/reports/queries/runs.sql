-- One row per recent run of an ingest, newest first. Without an end it was cut off.
select
    run_id,
    source,
    started_at,
    finished_at,
    messages,
    documents,
    stored,
    duplicate,
    conflict,
    refused,
    ignored,
    records,
    problem
from run
order by run_id desc
limit $most
