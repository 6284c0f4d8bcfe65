-- A container can be opened now.
update outcome
set status = 'opened',
    code = null,
    reason = null
where document_id = $document_id
