-- Of the claims, which dmarc reports count, and how genuine they are.
update dmarc_report as report
set authenticity = claim.authenticity,
    counted = claim.document_id = claim.winner_id and claim.rank > 0
from claim
where claim.document_id = report.document_id
