-- One row per policy domain with a counted report up to $last: the evidence in the window, its
-- reporters, and since when the present policy is published. The policy of a day is the one that
-- most of its reports saw, since periods overlap at a change. Some reporters omit sp, pct and t:
-- they are what most of the others saw, and unknown on a day without any.
with policy as (
    select
        policy_domain,
        day,
        coalesce(p, 'none') as p,
        coalesce(adkim, 'r') as adkim,
        coalesce(aspf, 'r') as aspf,
        sp,
        coalesce(pct, 100) as pct,
        coalesce(t, 'n') as t,
        pct is not null as tells_pct,
        t is not null as tells_t,
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
tag_day as (
    -- Each tag by itself: a reporter has pct or t, or neither.
    select policy_domain, day, 'sp' as tag, arg_max(sp, (reports, sp)) as value
    from (
        select policy_domain, day, sp, sum(reports) as reports
        from policy
        where sp is not null
        group by all
    )
    group by policy_domain, day
    union all
    select policy_domain, day, 'pct' as tag, arg_max(pct::text, (reports, pct)) as value
    from (
        select policy_domain, day, pct, sum(reports) as reports
        from policy
        where tells_pct
        group by all
    )
    group by policy_domain, day
    union all
    select policy_domain, day, 't' as tag, arg_max(t, (reports, t)) as value
    from (
        select policy_domain, day, t, sum(reports) as reports
        from policy
        where tells_t
        group by all
    )
    group by policy_domain, day
),
tag_now as (
    select policy_domain, tag, arg_max(value, day) as value
    from tag_day
    group by policy_domain, tag
),
tag_changed as (
    select
        tag_day.policy_domain,
        max(tag_day.day) filter (tag_day.tag = 'sp') as sp_day,
        max(tag_day.day) filter (tag_day.tag != 'sp') as share_day
    from tag_day
    join tag_now using (policy_domain, tag)
    where tag_day.value != tag_now.value
    group by tag_day.policy_domain
),
now_seen as (
    select policy_domain, arg_max(seen, day) as seen, min(day) as first_day, max(day) as last_day
    from policy_day
    group by policy_domain
),
policy_changed as (
    select policy_day.policy_domain, max(policy_day.day) as day
    from policy_day
    join now_seen using (policy_domain)
    where policy_day.seen != now_seen.seen
    group by policy_day.policy_domain
),
changed as (
    select
        policy_domain,
        greatest(policy_changed.day, tag_changed.share_day) as day,
        greatest(policy_changed.day, tag_changed.share_day, tag_changed.sp_day) as below_day
    from policy_changed
    full join tag_changed using (policy_domain)
),
leftover as (
    -- Tags that some reporters omit, as the others saw them last.
    select
        policy_domain,
        arg_max(sp, (end_at, document_id)) filter (sp is not null) as sp,
        arg_max(np, (end_at, document_id)) filter (np is not null) as np,
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
        source_class.class,
        coalesce(dmarc_message.header_from != dmarc_message.policy_domain, false) as below
    from dmarc_message
    join source_class using (policy_domain, source_ip)
    where dmarc_message.day between $first and $last
        and (
            $domains::text[] is null
            or list_contains($domains::text[], dmarc_message.policy_domain)
        )
),
by_reporter as (
    select
        policy_domain,
        reporter,
        sum(message_count) as messages,
        coalesce(sum(message_count) filter (aligned), 0) as aligned,
        coalesce(sum(message_count) filter (not indeterminate), 0) as firm
    from message
    where class in ('own', 'broken')
    group by policy_domain, reporter
),
reporter as (
    select
        policy_domain,
        count(*) as reporters,
        count(*) filter (regexp_matches(reporter, '(google|yahoo|outlook|microsoft)')) as large,
        max(messages) / sum(messages) as largest_share,
        arg_max(reporter, (messages, reporter)) as largest_reporter,
        -- What the others saw.
        (sum(firm) - arg_max(firm, (messages, reporter)))::bigint as firm_of_others,
        (sum(aligned) - arg_max(aligned, (messages, reporter)))::bigint as aligned_of_others
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
                below and class in ('own', 'broken') and spf_aligned and not dkim_aligned
                and coalesce(own_dkim, 'none') != 'temperror'
            ),
            0
        )::bigint as spf_alone_below,
        coalesce(
            sum(message_count) filter (
                class in ('forwarder', 'list') and not aligned and not indeterminate
            ),
            0
        )::bigint as indirect_fails,
        coalesce(
            sum(message_count) filter (
                below and class in ('forwarder', 'list') and not aligned and not indeterminate
            ),
            0
        )::bigint as indirect_fails_below,
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
    coalesce(changed.below_day + 1, now_seen.first_day) as below_since,
    changed.day is not null as policy_changed,
    leftover.sp,
    leftover.np,
    leftover.pct,
    leftover.t,
    coalesce(reporter.reporters, 0) as reporters,
    coalesce(reporter.large, 0) as large_reporters,
    reporter.largest_share,
    reporter.largest_reporter,
    coalesce(reporter.firm_of_others, 0) as firm_of_others,
    coalesce(reporter.aligned_of_others, 0) as aligned_of_others,
    coalesce(mail.days, 0) as days,
    coalesce(mail.days_of_30, 0) as days_of_30,
    coalesce(mail.spf_alone, 0) as spf_alone,
    coalesce(mail.spf_alone_below, 0) as spf_alone_below,
    coalesce(mail.indirect_fails, 0) as indirect_fails,
    coalesce(mail.indirect_fails_below, 0) as indirect_fails_below,
    coalesce(mail.list_fails, 0) as list_fails,
    coalesce(mail.legitimate_aligned, 0) as legitimate_aligned
from now_seen
left join changed using (policy_domain)
left join leftover using (policy_domain)
left join reporter using (policy_domain)
left join mail using (policy_domain)
order by domain
