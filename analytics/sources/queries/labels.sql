-- One row per label on a source.
select policy_domain as domain, match, class, note, made_at
from label
order by domain, made_at desc, match
