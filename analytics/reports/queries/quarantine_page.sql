-- One row per document or record of a page of quarantine, newest document first; `total` is the
-- number of all.
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
    stored_at,
    count(*) over () as total
from quarantine
where status <> 'conflict'
    and ($code is null or code = $code)
order by document_id desc, ordinal nulls first
limit $most
offset $skip
