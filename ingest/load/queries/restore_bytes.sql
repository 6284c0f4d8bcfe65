-- Store the bytes of a dropped document again.
update document
set bytes = $bytes
where document_id = $document_id and octet_length(bytes) = 0
