-- One row per name below a policy domain that sent mail in the window; at most $most for each
-- domain, most mail first. Invalid DNS names, as in forged reports, are left out.
select
    policy_domain as domain,
    header_from as name
from dmarc_message
where day between $first and $last
    and ends_with(header_from, '.' || policy_domain)
    and length(header_from) <= 253
    and regexp_full_match(header_from, '([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]+')
group by policy_domain, header_from
qualify row_number() over (
    partition by policy_domain order by sum(message_count) desc, header_from
) <= $most
order by domain, sum(message_count) desc, name
