-- One row per (policy domain, policy type, result, MX, sending server, reporter) with failure
-- details in the window, most first. `uncounted` are failures without a count, which `count` does
-- not include. Reason codes and receiving addresses: the first five in alphabetical order.
select
    policy_domain as domain,
    policy_type,
    result_type,
    mx,
    sender,
    reporter,
    coalesce(sum(failed), 0) as count,
    count(*) filter (failed is null) as uncounted,
    count(distinct day) as days,
    min(day) as first_day,
    max(day) as last_day,
    coalesce(
        list_slice(
            list_sort(list(distinct reason_code) filter (reason_code is not null)), 1, 5
        ),
        []
    ) as reason_codes,
    coalesce(
        list_slice(
            list_sort(list(distinct receiving_ip) filter (receiving_ip is not null)), 1, 5
        ),
        []
    ) as receiving_ips
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
group by policy_domain, policy_type, result_type, mx, sender, reporter
order by count desc, policy_domain, policy_type, result_type, mx, sender, reporter
