-- One row: the counted DMARC reports on a domain in some days, as a few numbers that change with
-- each report that comes, counts no more or counts again. A document's number and content stay.
select
    count(*) as reports,
    coalesce(max(document_id), 0) as newest,
    coalesce(sum(document_id::hugeint), 0)::text as numbers,
    coalesce(sum(document_id::hugeint * document_id), 0)::text as squares,
    count(*) filter (authenticity = 'verified') as verified
from counted_dmarc_report
where policy_domain = $domain
    and day between $since and $last
