"""Which readings are new, which repeat what is stored, which contradict it. Pure decisions."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.model.batch import Reading

__all__ = ["Known", "KnownDocument", "Outcome", "Placement", "contradiction", "place"]


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """A document in the store: the same bytes came before."""

    document_id: int
    status: str


Known = dict[str, dict[str, int]]
"""{identity: {content hash: first document with that content}} of the reports in the store."""

AGAIN = {"conflict": "conflict", "refused": "refused"}  # anything else comes again as duplicate


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of the table `outcome`."""

    document_id: int
    status: str
    report_kind: str | None = None
    identity: str | None = None
    content_hash: str | None = None
    of_document_id: int | None = None
    code: str | None = None
    reason: str | None = None


@dataclass(slots=True)
class Placement:
    """Decisions for readings, by their number: where each went, and what it now counts as.

    `row_documents` holds the id only of those readings whose rows are to be stored. `contested`
    are identities that more than one delivery claims: which report of them counts is decided
    over all of them (contest.py). `replaced` are refused documents that can be read now: their
    outcome makes way for the new one.
    """

    documents: list[int] = field(default_factory=list)
    is_new: list[bool] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    row_documents: list[int | None] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    contested: set[str] = field(default_factory=set)
    replaced: list[int] = field(default_factory=list)

    def touched(self) -> set[int]:
        """The documents that were delivered, and those of equal content: the first has the rows."""
        firsts = (outcome.of_document_id for outcome in self.outcomes)
        return {*self.documents, *(number for number in firsts if number is not None)}


def place(
    readings: Sequence[Reading],
    document_ids: Sequence[int],
    documents: dict[str, KnownDocument],
    reports: Known,
) -> Placement:
    """Decide for each reading; `document_ids` are what new ones get, used in order.

    `documents` by SHA-256 and `reports` by identity say what the store holds, and learn what
    this batch adds, so that a repetition within it is found too.
    """
    placement = Placement()
    fresh = iter(document_ids)
    for reading in readings:
        known = documents.get(reading.sha256)
        if known is not None and not (known.status == "refused" and reading.is_report):
            again = AGAIN.get(known.status, "duplicate")
            _note(placement, reading, known.document_id, again, is_new=False)
            continue
        if known is not None:  # refused when it came, by an older rua or for want of time
            placement.replaced.append(known.document_id)
            outcome = _outcome(reading, known.document_id, reports)
        else:
            outcome = _outcome(reading, next(fresh), reports)
        documents[reading.sha256] = KnownDocument(outcome.document_id, outcome.status)
        placement.outcomes.append(outcome)
        _note(
            placement,
            reading,
            outcome.document_id,
            outcome.status,
            is_new=True,
            is_kept=bool(known),
        )
    return placement


def _note(
    placement: Placement,
    reading: Reading,
    document_id: int,
    status: str,
    *,
    is_new: bool,
    is_kept: bool = False,
) -> None:
    """`is_new`: it gets an outcome now; `is_kept`: its bytes are in the store already."""
    has_rows = is_new and status in ("stored", "conflict")
    placement.documents.append(document_id)
    placement.is_new.append(is_new and not is_kept)
    placement.statuses.append(status)
    placement.row_documents.append(document_id if has_rows else None)
    if reading.identity is not None and status != "stored":
        placement.contested.add(reading.identity)


def _outcome(reading: Reading, document_id: int, reports: Known) -> Outcome:
    if reading.identity is None or reading.content_hash is None:
        return Outcome(document_id, "refused", code=reading.code, reason=reading.reason)
    contents = reports.setdefault(reading.identity, {})
    first = next(iter(contents.values()), None)
    same = contents.setdefault(reading.content_hash, document_id)
    report = (reading.report_kind, reading.identity, reading.content_hash)
    if first is None:
        return Outcome(document_id, "stored", *report)
    if same != document_id:
        return Outcome(document_id, "duplicate", *report, same)
    # RFC 9990 §3.5.4 leaves it to the consumer; adding both up would count messages twice.
    return Outcome(document_id, "conflict", *report, first, "conflict", contradiction(first))


def contradiction(document_id: int) -> str:
    """The words for a conflict with a document."""
    return f"same reporter, report ID and period as document {document_id}, other content"
