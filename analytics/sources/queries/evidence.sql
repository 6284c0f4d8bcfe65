-- One row per (policy domain, source address) with mail in the window: the evidence for its class.
-- Counts are messages in the window. `ever_…`, first and last seen and the bits look back to $since,
-- so that a monthly sender shows its rhythm; `fresh_…` covers the last 7 days, `latest_…` the last
-- 3, where a break shows. Bit n of `day_bits` is n days before $last (126 days, daily reports only),
-- of `week_bits` n weeks; a bit of `reporter_bits` is a reporter (modulo 64, so the true count may
-- be higher). `days` counts days in the window, at most 126; `window_bits` are these days,
-- `first_here` and `last_here` the first and last.
-- Equal records are summed first: there are far fewer kinds of records than records.
with reporter as (
    select
        reporter,
        (row_number() over (order by reporter) % 64)::ubigint as bit
    from (select distinct reporter from counted_dmarc_report where day between $since and $last)
),
record_kind as (
    select
        message.policy_domain,
        message.source_ip,
        message.dkim_aligned,
        message.spf_aligned,
        message.indeterminate,
        message.disposition,
        message.own_dkim,
        message.own_spf,
        message.other_dkim,
        message.other_spf,
        message.override,
        message.envelope_from,
        message.header_from,
        sum(case when message.day >= $first then message.message_count else 0 end) as messages,
        sum(case when message.day > $last - 7 then message.message_count else 0 end) as fresh,
        sum(case when message.day > $last - 3 then message.message_count else 0 end) as latest,
        sum(message.message_count) as ever_messages,
        min(message.day) as first_day,
        max(message.day) as last_day,
        min(case when message.day >= $first then message.day end) as first_here,
        max(case when message.day >= $first then message.day end) as last_here,
        bit_or(
            case
                when message.dated and $last - message.day < 126
                then 1::hugeint << ($last - message.day)::hugeint
                else 0
            end
        ) as day_bits,
        bit_or(
            case
                when message.day >= $first and $last - message.day < 126
                then 1::hugeint << ($last - message.day)::hugeint
                else 0
            end
        ) as window_bits,
        bit_or(1::ubigint << least(($last - message.day) // 7, 63)::ubigint) as week_bits,
        bit_or(1::ubigint << reporter.bit) as reporter_bits
    from dmarc_message as message
    join reporter using (reporter)
    where message.day between $since and $last
        and (
            $domains::text[] is null
            or list_contains($domains::text[], message.policy_domain)
        )
    group by all
),
kind as (
    select
        *,
        dkim_aligned or spf_aligned as aligned,
        not (dkim_aligned or spf_aligned) as fails,
        other_dkim is not null or other_spf is not null as authenticated
    from record_kind
)
select
    policy_domain,
    source_ip,
    sum(messages)::bigint as messages,
    coalesce(sum(messages) filter (aligned), 0)::bigint as aligned,
    coalesce(sum(messages) filter (dkim_aligned), 0)::bigint as dkim_aligned,
    coalesce(sum(messages) filter (spf_aligned), 0)::bigint as spf_aligned,
    coalesce(sum(messages) filter (indeterminate), 0)::bigint as indeterminate,
    coalesce(sum(messages) filter (disposition = 'reject'), 0)::bigint as rejected,
    coalesce(sum(messages) filter (disposition = 'quarantine'), 0)::bigint as quarantined,
    -- What fails, and how the domain's own identifiers fail in it.
    coalesce(
        sum(messages) filter (
            fails and own_dkim in ('fail', 'permerror', 'policy', 'neutral')
        ),
        0
    )::bigint as own_dkim_fails,
    coalesce(sum(messages) filter (fails and own_spf = 'permerror'), 0)::bigint
        as own_spf_permerrors,
    coalesce(sum(messages) filter (fails and (own_dkim = 'pass' or own_spf = 'pass')), 0)::bigint
        as own_unaligned,
    -- What fails, but is authenticated by another domain.
    coalesce(sum(messages) filter (fails and other_dkim is not null), 0)::bigint
        as signed_by_others,
    coalesce(sum(messages) filter (fails and other_spf is not null), 0)::bigint as sent_by_others,
    coalesce(
        sum(messages) filter (
            fails and not authenticated and own_dkim is null and coalesce(own_spf, '') != 'pass'
        ),
        0
    )::bigint as unauthenticated,
    coalesce(sum(messages) filter (override = 'mailing_list'), 0)::bigint as called_list,
    coalesce(sum(messages) filter (override = 'forwarded'), 0)::bigint as called_forwarded,
    coalesce(sum(messages) filter (override = 'arc'), 0)::bigint as sealed,
    arg_max(other_dkim, (ever_messages, other_dkim)) filter (other_dkim is not null) as other_dkim,
    arg_max(other_spf, (ever_messages, other_spf)) filter (other_spf is not null) as other_spf,
    arg_max(header_from, (ever_messages, header_from)) as header_from,
    sum(ever_messages)::bigint as ever_messages,
    coalesce(sum(ever_messages) filter (aligned), 0)::bigint as ever_aligned,
    coalesce(sum(ever_messages) filter (spf_aligned), 0)::bigint as ever_spf_aligned,
    min(first_day) as first_seen,
    max(last_day) as last_seen,
    max(last_day) filter (aligned) as last_aligned,
    coalesce(sum(fresh) filter (fails and not indeterminate), 0)::bigint as fresh_fails,
    coalesce(sum(fresh) filter (not indeterminate), 0)::bigint as fresh_messages,
    coalesce(sum(latest) filter (fails and not indeterminate), 0)::bigint as latest_fails,
    coalesce(sum(latest) filter (not indeterminate), 0)::bigint as latest_messages,
    bit_or(day_bits) as day_bits,
    bit_or(week_bits) as week_bits,
    bit_or(reporter_bits) as reporter_bits,
    bit_or(window_bits) as window_bits,
    bit_count(bit_or(window_bits))::integer as days,
    min(first_here) as first_here,
    max(last_here) as last_here
from kind
group by policy_domain, source_ip
having sum(messages) > 0
