-- One row per (day, policy type) with sessions, of the counted TLS reports of the window.
select
    day,
    policy_type,
    count(distinct reporter) as reporters,
    coalesce(sum(successful), 0) as successful,
    coalesce(sum(failed), 0) as failed
from tls_session
where day between $first and $last
    and (
        $domains::text[] is null
        or list_contains($domains::text[], policy_domain)
        -- RFC 8460 §4.4: the policy domain of tlsa is the TLSA base domain, so the MX host's name.
        or (
            policy_type = 'tlsa'
            and len(
                list_filter($domains::text[], lambda name: ends_with(policy_domain, '.' || name))
            ) > 0
        )
    )
group by day, policy_type
order by day, policy_type
