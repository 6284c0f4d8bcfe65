-- One row per (policy domain, source address) of `source_class`: all of its mail in the window.
select
    policy_domain as domain,
    source_ip,
    messages,
    aligned,
    dkim_aligned,
    spf_aligned,
    indeterminate
from source_class
where ($domains::text[] is null or list_contains($domains::text[], policy_domain))
order by domain, source_ip
