"""Which report of an identity counts, when several deliveries claim it.

Decided from all of them together, so that the order of arrival does not matter to the result:
verified beats unverified beats failed; of equals one without flags beats one that makes no sense
(it would count in no rate anyway, and its sender must not push out the true one), and then the
document stored first counts. What is proven false never counts. Documents of equal content are
one claim, as genuine as the most genuine mail that brought one of them.
"""

from collections.abc import Iterable

from schemas.store.store import Connection

__all__ = ["settle_contests"]

CLAIMS = """
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
"""
REPORTS = """
    update {table} as report
    set authenticity = claim.authenticity,
        counted = claim.document_id = claim.winner_id and claim.rank > 0
    from claim
    where claim.document_id = report.document_id
"""
OUTCOMES = """
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
"""


def settle_contests(con: Connection, identities: Iterable[str]) -> None:
    """Bring outcomes and reports of contested identities up to date with all their deliveries."""
    wanted = sorted(identities)
    if not wanted:
        return
    con.execute(CLAIMS, {"identities": wanted})
    for table in ("dmarc_report", "tls_report"):
        con.execute(REPORTS.format(table=table))
    con.execute(OUTCOMES)
    con.execute("drop table claim")
