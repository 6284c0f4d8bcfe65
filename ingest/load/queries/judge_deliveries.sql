-- Store how genuine documents are in their deliveries that have no judgement yet.
update delivery
set authenticity = judged.authenticity,
    authenticity_reason = judged.reason
from (
    select
        unnest($documents::bigint[]) as document_id,
        unnest($authenticities::text[]) as authenticity,
        unnest($reasons::text[]) as reason
) as judged
where delivery.document_id = judged.document_id and delivery.authenticity is null
