-- What the given carriers brought before.
select
    carrier_id,
    document_id,
    path
from delivery
where carrier_id in (select unnest($carriers::bigint[]))
order by carrier_id, ordinal
