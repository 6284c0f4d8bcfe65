-- Identities that more than one delivery claims.
select outcome.identity
from outcome
join delivery using (document_id)
where outcome.identity is not null
group by outcome.identity
having count(*) > 1
order by outcome.identity
