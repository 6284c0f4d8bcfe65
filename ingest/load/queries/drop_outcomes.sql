-- Mark the outcomes of dropped documents.
update outcome
set code = 'dropped',
    reason = dropped.reason
from dropped
where outcome.document_id = dropped.document_id
