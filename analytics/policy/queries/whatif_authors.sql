-- One row per author domain (From) of a domain's mail in the window: the tag that decides on it
-- where it fails, and whether that is sure. RFC 9989 §4.10.1: the policy domain has its p, a name
-- below it sp if it exists in DNS, np if it does not.
-- `known_name` says what DNS says. Else a name from which mail passes exists; and the others, of
-- which reports tell nothing, are taken not to exist where no mail of theirs is wanted.
with passing as (
    select distinct header_from as name
    from dmarc_message
    where policy_domain = $domain
        and day between $since and $last
        and aligned
),
met as (
    select
        message.header_from as name,
        bool_and(source_class.class in ('spoof', 'undecided')) as is_unwanted
    from dmarc_message as message
    join source_class using (policy_domain, source_ip)
    where message.policy_domain = $domain
        and message.day between $first and $last
    group by message.header_from
)
select
    met.name,
    case
        when met.name = $domain then 'p'
        when known_name.does_exist then 'sp'
        when not known_name.does_exist then 'np'
        when passing.name is not null then 'sp'
        when met.is_unwanted then 'np'
        else 'sp'
    end as tag,
    met.name = $domain or known_name.name is not null or passing.name is not null as is_sure
from met
left join passing using (name)
left join known_name using (name)
order by met.name
