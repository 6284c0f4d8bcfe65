-- One row per (policy domain, source address) with mail in the window, of `source_class`.
-- First and last seen look back 400 days. Unless $everything, only undecided sources or those first
-- seen after $since, undecided first; of $country unless $anywhere; a page of them.
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
    window_crowd_networks,
    strange_name,
    fresh_messages,
    fresh_fails,
    called_list,
    called_forwarded,
    sealed,
    match,
    note,
    labelled_at
from source_class
where ($domains::text[] is null or list_contains($domains::text[], policy_domain))
    and (
        $everything
        or ($undecided and class = 'undecided')
        or ($new and first_seen > $since)
    )
    and ($anywhere or country is not distinct from $country)
order by
    not $everything and class != 'undecided',
    messages desc,
    domain,
    source_ip
limit $most
offset $skip
