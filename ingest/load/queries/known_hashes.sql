-- Which of the given documents are in the store.
select sha256
from document
where sha256 in (select unnest($hashes::text[]))
order by sha256
