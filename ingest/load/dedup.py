"""Which readings are new, which repeat what is stored, which contradict it. Pure decisions."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.model.batch import Reading

__all__ = ["Decisions", "KnownDocument", "KnownReports", "Outcome", "conflict_reason", "decide"]


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """A document in the store: the same bytes came before."""

    document_id: int
    status: str


KnownReports = dict[str, dict[str, int]]
"""{identity: {content hash: first document with that content}} of the reports in the store."""

REPEATED = {"conflict": "conflict", "refused": "refused"}  # any other document repeats as duplicate


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
class Decisions:
    """For each reading, by its number: its document, and what it counts as.

    `row_documents` holds the ID of those readings whose rows are to be stored, else None.
    `contested` are identities that more than one delivery claims; conflicts.py decides which of
    their reports counts. `replaced` are documents that were refused and can be read now: they get
    a new outcome.
    """

    documents: list[int] = field(default_factory=list)
    is_new: list[bool] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    row_documents: list[int | None] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    contested: set[str] = field(default_factory=set)
    replaced: list[int] = field(default_factory=list)

    def affected(self) -> set[int]:
        """The documents that were delivered, and those of equal content that have the rows."""
        firsts = (outcome.of_document_id for outcome in self.outcomes)
        return {*self.documents, *(number for number in firsts if number is not None)}

    def add(
        self, reading: Reading, document_id: int, status: str, *, is_new: bool, is_stored: bool
    ) -> None:
        """`is_new`: it gets an outcome now; `is_stored`: its bytes are in the store already."""
        has_rows = is_new and status in ("stored", "conflict")
        self.documents.append(document_id)
        self.is_new.append(is_new and not is_stored)
        self.statuses.append(status)
        self.row_documents.append(document_id if has_rows else None)
        if reading.identity is not None and status != "stored":
            self.contested.add(reading.identity)


def decide(
    readings: Sequence[Reading],
    new_ids: Sequence[int],
    documents: dict[str, KnownDocument],
    reports: KnownReports,
) -> Decisions:
    """Decide for each reading; new documents get the `new_ids`, in order.

    `documents` by SHA-256 and `reports` by identity are what the store holds. This batch is added
    to them, so that a repetition within it is found, too.
    """
    decisions = Decisions()
    free_ids = iter(new_ids)
    for reading in readings:
        known = documents.get(reading.sha256)
        if known is not None and not (known.status == "refused" and reading.is_report):
            status = REPEATED.get(known.status, "duplicate")
            decisions.add(reading, known.document_id, status, is_new=False, is_stored=True)
            continue
        if known is not None:  # refused at first, by an older rua or because of a limit
            decisions.replaced.append(known.document_id)
            outcome = _outcome(reading, known.document_id, reports)
        else:
            outcome = _outcome(reading, next(free_ids), reports)
        number, status = outcome.document_id, outcome.status
        documents[reading.sha256] = KnownDocument(number, status)
        decisions.outcomes.append(outcome)
        decisions.add(reading, number, status, is_new=True, is_stored=known is not None)
    return decisions


def _outcome(reading: Reading, document_id: int, reports: KnownReports) -> Outcome:
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
    return Outcome(document_id, "conflict", *report, first, "conflict", conflict_reason(first))


def conflict_reason(document_id: int) -> str:
    """The reason of a conflict with this document."""
    return f"same reporter, report ID and period as document {document_id}, other content"
