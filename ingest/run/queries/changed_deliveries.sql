-- How many rebuilt documents now have another first delivery than when they were read.
select count(*) as documents
from rebuilt.first_delivery
anti join present using (document_id, carrier_id, path, code, reason)
