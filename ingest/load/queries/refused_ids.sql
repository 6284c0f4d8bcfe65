-- The refused documents whose bytes are there, oldest first.
select document_id
from outcome
where status = 'refused' and code is distinct from 'dropped'
order by document_id
