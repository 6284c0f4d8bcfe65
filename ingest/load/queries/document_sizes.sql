-- The size of each document in bytes.
select
    document_id,
    size
from document
order by document_id
