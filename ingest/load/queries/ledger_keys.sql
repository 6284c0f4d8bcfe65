-- The mails of a source that earlier runs have read, and whether each holds a report.
select
    key,
    holds_report
from ledger
where source = $source and epoch = $epoch
order by key
