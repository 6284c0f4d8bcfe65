-- One row per (policy domain, source name, `below`) of own and broken sources with failing mail in
-- the $days days up to $last: the days on which less than $floor of it passed, the messages, the
-- reporters that saw it, and the messages that receivers stopped. `below` is mail from names below
-- the policy domain, to which sp or np applies instead of p (RFC 9989 §4.10.1). Without temporary
-- errors (RFC 9989 §5.3.6).
with message as (
    select
        dmarc_message.policy_domain,
        source_class.source,
        coalesce(dmarc_message.header_from != dmarc_message.policy_domain, false) as below,
        dmarc_message.day,
        dmarc_message.reporter,
        dmarc_message.authenticity,
        dmarc_message.aligned,
        dmarc_message.disposition,
        dmarc_message.message_count
    from dmarc_message
    join source_class using (policy_domain, source_ip)
    where dmarc_message.day between $last - $days + 1 and $last
        and not dmarc_message.indeterminate
        and source_class.class in ('own', 'broken')
        and (
            $domains::text[] is null
            or list_contains($domains::text[], dmarc_message.policy_domain)
        )
),
day as (
    select
        policy_domain,
        source,
        below,
        day,
        sum(message_count) as messages,
        coalesce(sum(message_count) filter (not aligned), 0) as fails
    from message
    group by policy_domain, source, below, day
),
seen as (
    select
        policy_domain,
        source,
        below,
        count(distinct reporter) as reporters,
        count(distinct reporter) filter (authenticity = 'verified') as verified_reporters,
        coalesce(sum(message_count) filter (stopped), 0)::bigint as stopped,
        count(distinct reporter) filter (stopped) as stopping_reporters,
        count(distinct reporter) filter (stopped and authenticity = 'verified')
            as stopping_verified
    from (
        select *, coalesce(disposition in ('quarantine', 'reject'), false) as stopped
        from message
        where not aligned
    )
    group by policy_domain, source, below
)
select
    day.policy_domain as domain,
    day.source,
    day.below,
    sum(day.messages)::bigint as messages,
    sum(day.fails)::bigint as fails,
    count(*) filter (day.fails > round((1 - $floor) * day.messages, 6)) as bad_days,
    min(day.day) filter (day.fails > round((1 - $floor) * day.messages, 6)) as first_bad_day,
    max(seen.reporters) as reporters,
    max(seen.verified_reporters) as verified_reporters,
    max(seen.stopped) as stopped,
    max(seen.stopping_reporters) as stopping_reporters,
    max(seen.stopping_verified) as stopping_verified
from day
join seen using (policy_domain, source, below)
group by day.policy_domain, day.source, day.below
order by domain, fails desc, source, below
