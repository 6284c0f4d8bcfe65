-- Add the flag to the tls reports that are misdated, and take it from those that are not.
update tls_report as report
set flags = case
        when judged.is_misdated then list_append(report.flags, $flag)
        else list_filter(report.flags, lambda flag: flag != $flag)
    end
from (
    select
        unnest($documents::bigint[]) as document_id,
        unnest($misdated::boolean[]) as is_misdated
) as judged
where judged.document_id = report.document_id
