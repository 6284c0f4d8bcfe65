-- One run of a source, and what it has counted so far.
insert into run (
    run_id,
    started_at,
    finished_at,
    pid,
    source,
    messages,
    documents,
    stored,
    duplicate,
    conflict,
    refused,
    ignored,
    records,
    put_off,
    problem
)
values (
    $run_id,
    $started_at,
    $finished_at,
    $pid,
    $source,
    $messages,
    $documents,
    $stored,
    $duplicate,
    $conflict,
    $refused,
    $ignored,
    $records,
    $put_off,
    $problem
)
