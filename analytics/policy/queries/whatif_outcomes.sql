-- One row per kind of outcome in `replayed`: messages, and those of unverified reports.
select
    class,
    tag,
    is_sure,
    state,
    not_replayed,
    sum(messages)::bigint as messages,
    coalesce(sum(messages) filter (not is_verified), 0)::bigint as unverified
from replayed
group by all
order by all
