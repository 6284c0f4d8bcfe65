-- Of the incoming domains, those that are not described yet.
select domain
from incoming
anti join known_domain using (domain)
where domain is not null
order by domain
