-- One row per (identity, domain) in `evidence` or reverse DNS that may identify a sender.
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
