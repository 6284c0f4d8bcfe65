-- Of the claims, which tls reports count, and how genuine they are.
update tls_report as report
set authenticity = claim.authenticity,
    counted = claim.document_id = claim.winner_id and claim.rank > 0
from claim
where claim.document_id = report.document_id
