-- Of the claims, which documents are stored, duplicates or conflicts.
update outcome
set status = case
        when claim.document_id != claim.first_id then 'duplicate'
        when claim.first_id = claim.winner_id then 'stored'
        else 'conflict'
    end,
    of_document_id = case
        when claim.document_id != claim.first_id then claim.first_id
        when claim.first_id != claim.winner_id then claim.winner_id
    end,
    code = case
        when claim.document_id = claim.first_id and claim.first_id != claim.winner_id
        then 'conflict'
    end,
    reason = case
        when claim.document_id = claim.first_id and claim.first_id != claim.winner_id
        then format(
            'same reporter, report ID and period as document {}, other content',
            claim.winner_id
        )
    end
from claim
where claim.document_id = outcome.document_id
