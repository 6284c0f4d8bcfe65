-- The carriers of a source that are stored already.
select
    epoch,
    key,
    sha256,
    carrier_id
from carrier
where source = $source and sha256 in (select unnest($hashes::text[]))
order by carrier_id
