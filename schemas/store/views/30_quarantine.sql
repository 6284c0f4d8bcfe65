-- One row per document that could not be read or is in conflict with another one, and per record
-- that could not be read in a report that could. `status` is refused, conflict or record. For a
-- record, `ordinal` is its place in the report, from 0, and `size` the stored bytes of its XML.
create or replace view quarantine as
with troubled as (
    select
        document_id,
        status,
        null as ordinal,
        code,
        reason,
        of_document_id,
        null as xml
    from outcome
    where status in ('refused', 'conflict')
    union all
    select
        document_id,
        'record' as status,
        ordinal,
        'malformed' as code,
        reason,
        null as of_document_id,
        xml
    from dmarc_refused_record
)
select
    troubled.document_id,
    troubled.status,
    troubled.ordinal,
    troubled.code,
    troubled.reason,
    troubled.of_document_id,
    document.kind,
    coalesce(strlen(troubled.xml), document.size) as size,
    delivery.path,
    carrier.source,
    carrier.key,
    carrier.message_id,
    carrier.from_address,
    carrier.stored_at
from troubled
join document using (document_id)
left join (
    select document_id, min_by(path, carrier_id) as path, min(carrier_id) as carrier_id
    from delivery
    group by document_id
) as delivery using (document_id)
left join carrier using (carrier_id);
