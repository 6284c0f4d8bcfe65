-- One row per document to drop: a refused one of the given IDs whose bytes are still there.
create or replace temp table dropped as
select
    document_id,
    document.size,
    'dropped by its owner; it was ' || coalesce(code, 'refused')
        || coalesce(': ' || reason, '') as reason
from outcome
join document using (document_id)
where status = 'refused'
    and code is distinct from 'dropped'
    and document_id in (select unnest($ids::bigint[]))
