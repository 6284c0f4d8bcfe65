-- One row per document, of the given IDs or of all: the delivery that decides how it is read. One
-- that was not dropped comes before one that was, then the oldest carrier.
select
    document_id,
    arg_min(carrier_id, rank) as carrier_id,
    arg_min(path, rank) as path,
    arg_min(coalesce(refusal_code, ''), rank) as code,
    arg_min(coalesce(refusal_reason, ''), rank) as reason
from (
    select *, (refusal_code is distinct from 'dropped', carrier_id, ordinal) as rank
    from delivery
)
where $ids::bigint[] is null or document_id in (select unnest($ids::bigint[]))
group by document_id
order by document_id
