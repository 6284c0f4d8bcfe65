"""One source's run of an ingest, and what it counted."""

from dataclasses import dataclass, field, fields
from datetime import datetime

__all__ = ["Counts", "Run"]


@dataclass(slots=True)
class Counts:
    """How many of each; documents = stored + duplicate + conflict + refused.

    `put_off` are mails that were deferred because quarantine is full; nothing in them is counted
    elsewhere.
    """

    messages: int = 0
    documents: int = 0
    stored: int = 0
    duplicate: int = 0
    conflict: int = 0
    refused: int = 0
    ignored: int = 0
    records: int = 0
    put_off: int = 0

    def add(self, other: "Counts") -> None:
        for each in fields(Counts):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass(slots=True)
class Run:
    """One source's run; `run_id` is set once the run has a row in the store."""

    source: str
    started_at: datetime
    counts: Counts = field(default_factory=Counts)
    problem: str | None = None
    run_id: int | None = None
