-- Remove the bytes of dropped documents.
update document
set bytes = ''::blob
from dropped
where document.document_id = dropped.document_id
