-- One row per delivery of a document: the mail or file that contained it.
select
    carrier.source,
    carrier.key,
    carrier.is_mail,
    carrier.message_id,
    carrier.from_address,
    carrier.subject,
    carrier.sent_at,
    carrier.received_at,
    delivery.path,
    delivery.authenticity,
    delivery.authenticity_reason
from delivery
join carrier using (carrier_id)
where delivery.document_id = $document
order by carrier.carrier_id, delivery.ordinal
