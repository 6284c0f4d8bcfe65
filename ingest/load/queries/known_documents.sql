-- The given documents that are in the store, and their outcomes.
select
    document.sha256,
    document.document_id,
    outcome.status
from document
join outcome using (document_id)
where document.sha256 in (select unnest($hashes::text[]))
order by document.document_id
