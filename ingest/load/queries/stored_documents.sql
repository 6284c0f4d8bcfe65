-- The given documents with the carriers of their first deliveries.
select
    document.document_id,
    document.sha256,
    document.kind,
    document.bytes,
    carrier.headers,
    carrier.proof_result,
    carrier.proof_domain,
    carrier.proof_method,
    carrier.proof_detail,
    carrier.size as carrier_size
from document
join (
    select
        unnest($documents::bigint[]) as document_id,
        unnest($carriers::bigint[]) as carrier_id
) as delivered using (document_id)
join carrier using (carrier_id)
order by document.document_id
