-- One row per name that may tell whose a source of `evidence` is, and as what it was met.
select 'spf' as identity, other_spf as domain
from evidence
where other_spf is not null
union
select 'dkim' as identity, other_dkim as domain
from evidence
where other_dkim is not null
union
select 'ptr' as identity, name as domain
from ptr_lookup
where confirmed
order by identity, domain
