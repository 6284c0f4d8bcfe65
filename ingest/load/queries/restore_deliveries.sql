-- Mark the deliveries of a restored document as refused, no longer as dropped.
update delivery
set refusal_code = 'refused'
where document_id = $document_id and refusal_code = 'dropped'
