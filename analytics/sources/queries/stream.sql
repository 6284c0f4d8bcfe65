-- One row per (policy domain, source name): the addresses of one service or network together.
-- The bits cover only addresses that never pass, so they show the rhythm of failing mail.
select
    evidence.policy_domain,
    named.source,
    sum(evidence.messages)::bigint as messages,
    sum(evidence.aligned)::bigint as aligned,
    sum(evidence.indeterminate)::bigint as indeterminate,
    sum(evidence.ever_aligned)::bigint as ever_aligned,
    sum(evidence.ever_spf_aligned)::bigint as ever_spf_aligned,
    sum(evidence.fresh_messages)::bigint as fresh_messages,
    sum(evidence.fresh_fails)::bigint as fresh_fails,
    sum(evidence.latest_messages)::bigint as latest_messages,
    sum(evidence.latest_fails)::bigint as latest_fails,
    count(distinct named.asn) as networks,
    coalesce(bit_or(evidence.day_bits) filter (evidence.ever_aligned = 0), 0::hugeint)
        as day_bits,
    coalesce(bit_or(evidence.week_bits) filter (evidence.ever_aligned = 0), 0::ubigint)
        as week_bits,
    coalesce(bit_or(evidence.reporter_bits) filter (evidence.ever_aligned = 0), 0::ubigint)
        as reporter_bits
from evidence
join named using (policy_domain, source_ip)
group by evidence.policy_domain, named.source
