-- Remove what reverse DNS said of the given addresses.
delete from ptr_lookup
where source_ip in (select unnest($addresses::text[]))
