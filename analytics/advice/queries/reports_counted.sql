-- One row: a few numbers on the counted DMARC reports of a domain that change whenever a report is
-- added, stops counting or counts again. A document's number and content never change.
select
    count(*) as reports,
    coalesce(max(document_id), 0) as newest,
    coalesce(sum(document_id::hugeint), 0)::text as numbers,
    coalesce(sum(document_id::hugeint * document_id), 0)::text as squares,
    count(*) filter (authenticity = 'verified') as verified
from counted_dmarc_report
where policy_domain = $domain
    and day between $since and $last
