-- One row per label, the owner's word on a source.
select policy_domain as domain, match, class, note, made_at
from label
order by domain, made_at desc, match
