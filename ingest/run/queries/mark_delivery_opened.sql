-- A container can be opened now: its deliveries, which a rebuild reads, are no longer refused.
update delivery
set refusal_code = null,
    refusal_reason = null
where document_id = $document_id
