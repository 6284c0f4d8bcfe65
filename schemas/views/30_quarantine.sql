-- One row per document that could not be read, or that contradicts another one.
create or replace view quarantine as
select
    outcome.document_id,
    outcome.status,
    outcome.code,
    outcome.reason,
    outcome.of_document_id,
    document.kind,
    document.size,
    delivery.path,
    carrier.source,
    carrier.key,
    carrier.message_id,
    carrier.from_address,
    carrier.stored_at
from outcome
join document using (document_id)
left join (
    select document_id, min_by(path, carrier_id) as path, min(carrier_id) as carrier_id
    from delivery
    group by document_id
) as delivery using (document_id)
left join carrier using (carrier_id)
where outcome.status in ('refused', 'conflict');
