-- One row per (day, policy type, part) with failure details in the window. $by chooses the part: a
-- result, an MX, a sending server or a reporter; null if the report omits it.
select
    day,
    policy_type,
    case $by
        when 'result' then result_type
        when 'mx' then mx
        when 'sender' then sender
        else reporter
    end as part,
    coalesce(sum(failed), 0) as count
from tls_result
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
group by day, policy_type, part
order by day, policy_type, part
