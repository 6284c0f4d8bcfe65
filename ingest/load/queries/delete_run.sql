-- Remove the row of a run, before it is written again.
delete from run
where run_id = $run_id
