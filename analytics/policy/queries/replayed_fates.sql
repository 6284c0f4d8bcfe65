-- One row per day and fate of the mail in `replayed`: passes, rejected, quarantined, fails (where
-- no policy is asked for) or indeterminate. The parameters are the policies of each tag.
select
    day,
    case
        when state = 'pass' then 'passes'
        when state = 'indeterminate' then 'indeterminate'
        when policy = 'reject' then 'rejected'
        when policy = 'quarantine' then 'quarantined'
        else 'fails'
    end as fate,
    coalesce(sum(messages) filter (class in ('own', 'broken')), 0)::bigint as legitimate,
    sum(messages)::bigint as messages
from (
    select
        *,
        case tag when 'p' then $p::text when 'sp' then $sp::text else $np::text end as policy
    from replayed
)
group by day, fate
order by day, fate
