-- One row per policy domain with a counted report up to $last: how much evidence the window holds,
-- from whom, and since when the policy is what it is. Days before $last tell what it was then.
-- The policy of a day is the one most of its reports saw: periods overlap where it changed.
with policy as (
    select
        policy_domain,
        day,
        coalesce(p, 'none') as p,
        coalesce(adkim, 'r') as adkim,
        coalesce(aspf, 'r') as aspf,
        count(*) as reports
    from seen_policy
    where day <= $last
        and end_at < $last::date + 3
        and ($domains::text[] is null or list_contains($domains::text[], policy_domain))
    group by all
),
policy_day as (
    select
        policy_domain,
        day,
        arg_max(
            struct_pack(p := p, adkim := adkim, aspf := aspf), (reports, p, adkim, aspf)
        ) as seen
    from policy
    group by policy_domain, day
),
now_seen as (
    select policy_domain, arg_max(seen, day) as seen, min(day) as first_day, max(day) as last_day
    from policy_day
    group by policy_domain
),
changed as (
    select policy_day.policy_domain, max(policy_day.day) as day
    from policy_day
    join now_seen using (policy_domain)
    where policy_day.seen != now_seen.seen
    group by policy_day.policy_domain
),
leftover as (
    -- Tags that reporters of the newer dialect leave out, as the others saw them last.
    select
        policy_domain,
        arg_max(pct, (end_at, document_id)) filter (pct is not null) as pct,
        arg_max(t, (end_at, document_id)) filter (t is not null) as t
    from seen_policy
    where day between $last - 14 and $last
        and ($domains::text[] is null or list_contains($domains::text[], policy_domain))
    group by policy_domain
),
message as (
    select
        dmarc_message.*,
        source_class.class
    from dmarc_message
    join source_class using (policy_domain, source_ip)
    where dmarc_message.day between $first and $last
        and (
            $domains::text[] is null
            or list_contains($domains::text[], dmarc_message.policy_domain)
        )
),
by_reporter as (
    select policy_domain, reporter, sum(message_count) as messages
    from message
    where class in ('own', 'broken')
    group by policy_domain, reporter
),
reporter as (
    select
        policy_domain,
        count(*) as reporters,
        count(*) filter (regexp_matches(reporter, '(google|yahoo|outlook|microsoft)')) as large,
        max(messages) / sum(messages) as largest_share
    from by_reporter
    group by policy_domain
),
mail as (
    select
        policy_domain,
        count(distinct day) filter (dated) as days,
        count(distinct day) filter (dated and day > $last - 30) as days_of_30,
        coalesce(sum(message_count) filter (class in ('own', 'broken') and aligned), 0)::bigint
            as legitimate_aligned,
        coalesce(
            sum(message_count) filter (
                class in ('own', 'broken') and spf_aligned and not dkim_aligned
                and coalesce(own_dkim, 'none') != 'temperror'
            ),
            0
        )::bigint as spf_alone,
        coalesce(
            sum(message_count) filter (
                class in ('forwarder', 'list') and not aligned and not indeterminate
            ),
            0
        )::bigint as indirect_fails,
        coalesce(
            sum(message_count) filter (class in ('forwarder', 'list') and not aligned
                and class = 'list' and not indeterminate),
            0
        )::bigint as list_fails,
        count(*) filter (class not in ('spoof', 'undecided')) > 0 as has_own
    from message
    group by policy_domain
)
select
    now_seen.policy_domain as domain,
    now_seen.seen as policy,
    now_seen.first_day,
    now_seen.last_day,
    coalesce(changed.day + 1, now_seen.first_day) as policy_since,
    changed.day is not null as policy_changed,
    leftover.pct,
    leftover.t,
    coalesce(reporter.reporters, 0) as reporters,
    coalesce(reporter.large, 0) as large_reporters,
    reporter.largest_share,
    coalesce(mail.days, 0) as days,
    coalesce(mail.days_of_30, 0) as days_of_30,
    coalesce(mail.spf_alone, 0) as spf_alone,
    coalesce(mail.indirect_fails, 0) as indirect_fails,
    coalesce(mail.list_fails, 0) as list_fails,
    coalesce(mail.legitimate_aligned, 0) as legitimate_aligned
from now_seen
left join changed using (policy_domain)
left join leftover using (policy_domain)
left join reporter using (policy_domain)
left join mail using (policy_domain)
order by domain
