-- One row per country (NULL: unknown) with addresses in the window: how many there are, and the
-- wanted ones, undecided or new, with their mail.
with found as (
    select
        country,
        messages,
        class = 'undecided' as is_undecided,
        first_seen > $since as is_new
    from source_class
    where $domains::text[] is null or list_contains($domains::text[], policy_domain)
)
select
    country,
    count(*) as every,
    count(*) filter (wanted) as addresses,
    count(*) filter (wanted and is_undecided) as undecided,
    count(*) filter (wanted and is_new) as new,
    coalesce(sum(messages) filter (wanted), 0)::bigint as messages
from (
    select *, ($undecided and is_undecided) or ($new and is_new) as wanted
    from found
)
group by country
order by messages desc, country nulls first
