-- One row per (policy domain, source address) with mail in the window, of `source_class`.
-- First and last seen look back 400 days. With $unknown_since only those that are undecided, or were
-- first seen after that day.
select
    policy_domain as domain,
    source_ip,
    source,
    sender,
    class,
    decided_by,
    rule,
    messages,
    aligned,
    dkim_aligned,
    spf_aligned,
    indeterminate,
    first_seen,
    last_seen,
    last_aligned,
    days,
    bit_count(reporter_bits)::integer as reporters,
    country,
    asn,
    as_name,
    ptr,
    unconfirmed_ptr,
    other_dkim,
    other_spf,
    header_from,
    rhythm,
    stream_rhythm,
    stream_networks,
    crowd_networks,
    throng_networks,
    strange_name,
    fresh_messages,
    fresh_fails,
    called_list,
    called_forwarded,
    sealed,
    match,
    note,
    said_at
from source_class
where ($domain is null or policy_domain = $domain)
    and ($unknown_since::date is null or class = 'undecided' or first_seen > $unknown_since)
order by messages desc, domain, source_ip
