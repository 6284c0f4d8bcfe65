-- One row per document or record in quarantine, newest document first.
select
    document_id as id,
    status,
    ordinal,
    code,
    reason,
    of_document_id as of_id,
    kind,
    size,
    path,
    source,
    key,
    message_id,
    from_address,
    stored_at
from quarantine
order by document_id desc, ordinal nulls first
