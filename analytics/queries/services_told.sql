-- One row per row of services.sql, of some classes and source names: what the reason is told from,
-- which is the address with the most mail.
select
    policy_domain as domain,
    source,
    source_ip,
    class,
    decided_by,
    rule,
    match,
    note,
    said_at,
    messages,
    aligned,
    indeterminate,
    fresh_messages,
    fresh_fails,
    last_aligned,
    first_seen,
    last_seen,
    days,
    bit_count(reporter_bits)::integer as reporters,
    other_dkim,
    other_spf,
    header_from,
    rhythm,
    stream_rhythm,
    stream_networks,
    crowd_networks,
    throng_networks,
    strange_name,
    called_list,
    called_forwarded,
    sealed
from source_class
where ($domain is null or policy_domain = $domain)
    and ($classes::text[] is null or list_contains($classes::text[], class))
    and ($sources::text[] is null or list_contains($sources::text[], source))
qualify
    row_number() over (
        partition by policy_domain, source, class
        order by messages desc, source_ip
    ) = 1
