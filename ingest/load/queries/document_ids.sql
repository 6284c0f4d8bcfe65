-- Every document stored after the given one, oldest first.
select document_id
from document
where document_id > $after
order by document_id
