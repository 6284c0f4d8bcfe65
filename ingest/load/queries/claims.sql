-- One row per document of the given identities: whose content it repeats, and which one counts.
create or replace temp table claim as
with evidence as (
    select
        outcome.document_id,
        outcome.report_kind,
        outcome.identity,
        outcome.content_hash,
        coalesce(
            max(
                case delivery.authenticity
                    when 'verified' then 2
                    when 'unverified' then 1
                    when 'failed' then 0
                end
            ),
            1
        ) as rank
    from outcome
    join delivery using (document_id)
    where outcome.identity in (select unnest($identities::text[]))
    group by all
),
flagged as (
    select document_id from dmarc_report where len(flags) > 0
    union all
    select document_id from tls_report where len(flags) > 0
),
content as (
    select
        evidence.report_kind,
        evidence.identity,
        evidence.content_hash,
        min(evidence.document_id) as first_id,
        max(evidence.rank) as rank,
        count(flagged.document_id) = 0 as is_sound
    from evidence
    left join flagged using (document_id)
    group by all
),
winner as (
    select identity, arg_max(first_id, (rank, is_sound, -first_id)) as winner_id
    from content
    group by identity
)
select
    evidence.document_id,
    evidence.report_kind,
    content.first_id,
    content.rank,
    winner.winner_id,
    case content.rank when 2 then 'verified' when 0 then 'failed' else 'unverified' end
        as authenticity
from evidence
join content using (identity, content_hash)
join winner using (identity)
