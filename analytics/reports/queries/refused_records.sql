-- One row per record of a DMARC report that could not be read, with the beginning of its XML.
select
    ordinal,
    reason,
    xml
from dmarc_refused_record
where document_id = $document
order by ordinal
