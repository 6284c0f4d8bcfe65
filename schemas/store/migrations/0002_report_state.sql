-- One row: a name that is another one after each write that may change what reports say (all but
-- labels, advice, DNS and runs). What is kept of answers is kept under it (analytics/query/result_cache.py). It is
-- no number: a store that is put back from a copy must not meet answers of what came after it.
create table report_state as
select gen_random_uuid() as state;
