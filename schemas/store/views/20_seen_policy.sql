-- One row per counted DMARC report: the policy that its reporter saw published.
create or replace view seen_policy as
select
    document_id,
    day,
    end_at,
    reporter,
    policy_domain,
    p,
    sp,
    np,
    adkim,
    aspf,
    pct,
    testing as t,
    authenticity
from counted_dmarc_report;
