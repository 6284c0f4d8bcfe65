-- One row, or none: the bytes of a stored document as they came out of their container.
select bytes
from document
where document_id = $document
