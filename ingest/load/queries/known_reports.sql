-- The contents stored under the given identities, and the first document with each.
select
    identity,
    content_hash,
    min(document_id) as first_id
from outcome
where identity in (select unnest($identities::text[]))
group by identity, content_hash
order by first_id
