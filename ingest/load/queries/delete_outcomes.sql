-- Remove the outcomes of documents that get new ones.
delete from outcome
where document_id in (select unnest($ids::bigint[]))
