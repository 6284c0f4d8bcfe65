-- One row per (policy domain, source address) with mail in the window: all that the classes go by.
-- Counts are messages of the window; `ever_…`, first and last seen and the bits look back to
-- $since, so that a monthly sender shows its rhythm. Bit n of `day_bits` is n days before $last
-- (126 days, reports of a day only), of `week_bits` n weeks; of `reporter_bits` one reporter
-- (modulo 64, so a count is at least that many).
with reporter as (
    select
        reporter,
        (row_number() over (order by reporter) % 64)::ubigint as bit
    from (select distinct reporter from counted_dmarc_report where day between $since and $last)
),
message as (
    select
        message.*,
        message.day >= $first as here,
        $last - message.day as back,
        reporter.bit,
        message.other_dkim is not null or message.other_spf is not null as vouched
    from dmarc_message as message
    join reporter using (reporter)
    where message.day between $since and $last
        and ($domains::text[] is null or list_contains($domains::text[], message.policy_domain))
)
select
    policy_domain,
    source_ip,
    coalesce(sum(message_count) filter (here), 0)::bigint as messages,
    coalesce(sum(message_count) filter (here and aligned), 0)::bigint as aligned,
    coalesce(sum(message_count) filter (here and dkim_aligned), 0)::bigint as dkim_aligned,
    coalesce(sum(message_count) filter (here and spf_aligned), 0)::bigint as spf_aligned,
    coalesce(sum(message_count) filter (here and indeterminate), 0)::bigint as indeterminate,
    coalesce(sum(message_count) filter (here and disposition = 'reject'), 0)::bigint as rejected,
    coalesce(sum(message_count) filter (here and disposition = 'quarantine'), 0)::bigint
        as quarantined,
    -- What fails, and what it shows of its own.
    coalesce(
        sum(message_count) filter (
            here and not aligned and own_dkim in ('fail', 'permerror', 'policy', 'neutral')
        ),
        0
    )::bigint as own_dkim_fails,
    coalesce(sum(message_count) filter (here and not aligned and own_spf = 'permerror'), 0)::bigint
        as own_spf_permerrors,
    coalesce(
        sum(message_count) filter (
            here and not aligned and (own_dkim = 'pass' or own_spf = 'pass')
        ),
        0
    )::bigint as own_unaligned,
    coalesce(
        sum(message_count) filter (
            here and not aligned and own_spf is not null and own_spf != 'pass'
        ),
        0
    )::bigint as own_envelope_fails,
    -- What fails for us and is vouched for by others.
    coalesce(sum(message_count) filter (here and not aligned and other_dkim is not null), 0)::bigint
        as signed_by_others,
    coalesce(sum(message_count) filter (here and not aligned and other_spf is not null), 0)::bigint
        as sent_by_others,
    coalesce(
        sum(message_count) filter (
            here and not aligned and not vouched and own_dkim is null
            and coalesce(own_spf, '') != 'pass'
        ),
        0
    )::bigint as unvouched,
    coalesce(sum(message_count) filter (here and override = 'mailing_list'), 0)::bigint
        as called_list,
    coalesce(sum(message_count) filter (here and override = 'forwarded'), 0)::bigint
        as called_forwarded,
    coalesce(sum(message_count) filter (here and override = 'arc'), 0)::bigint as sealed,
    arg_max(other_dkim, message_count) filter (other_dkim is not null) as other_dkim,
    arg_max(other_spf, message_count) filter (other_spf is not null) as other_spf,
    arg_max(envelope_from, message_count) filter (not aligned) as envelope_from,
    arg_max(header_from, message_count) as header_from,
    sum(message_count)::bigint as ever_messages,
    coalesce(sum(message_count) filter (aligned), 0)::bigint as ever_aligned,
    coalesce(sum(message_count) filter (spf_aligned), 0)::bigint as ever_spf_aligned,
    min(day) as first_seen,
    max(day) as last_seen,
    max(day) filter (aligned) as last_aligned,
    coalesce(
        sum(message_count) filter (here and not aligned and not indeterminate and back < 7), 0
    )::bigint as fresh_fails,
    coalesce(sum(message_count) filter (here and not indeterminate and back < 7), 0)::bigint
        as fresh_messages,
    coalesce(bit_or(1::hugeint << least(back, 125)::hugeint) filter (dated and back < 126), 0::hugeint)
        as day_bits,
    bit_or(1::ubigint << least(back // 7, 63)::ubigint) as week_bits,
    bit_or(1::ubigint << bit) as reporter_bits,
    count(distinct day) filter (here) as days
from message
group by policy_domain, source_ip
having messages > 0
