-- Mark the deliveries of dropped documents, which a rebuild reads.
update delivery
set refusal_code = 'dropped',
    refusal_reason = dropped.reason
from dropped
where delivery.document_id = dropped.document_id
