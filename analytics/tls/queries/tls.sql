-- One row per (policy domain, policy type) of the counted TLS reports of the window, most failed
-- sessions first. `mode` is from the newest report that has it. `unexplained` are failed sessions
-- without failure details, `overlapping` details beyond the sum: per report, so that they do not
-- cancel out. `unsaid` are policies without one of the counts.
select
    policy_domain as domain,
    policy_type,
    arg_max(mode, (day, document_id)) filter (mode is not null) as mode,
    count(distinct document_id) as reports,
    count(distinct document_id) filter (authenticity <> 'verified') as unverified,
    count(distinct reporter) as reporters,
    count(distinct day) as days,
    min(day) as first_day,
    max(day) as last_day,
    coalesce(sum(successful), 0) as successful,
    coalesce(sum(failed), 0) as failed,
    coalesce(sum(greatest(failed - detailed, 0)), 0) as unexplained,
    coalesce(sum(greatest(detailed - coalesce(failed, 0), 0)), 0) as overlapping,
    count(*) filter (successful is null or failed is null or uncounted > 0) as unsaid
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
group by policy_domain, policy_type
order by failed desc, successful desc, policy_domain, policy_type
