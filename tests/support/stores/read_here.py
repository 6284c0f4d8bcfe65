"""`rua ingest PATH…` within this process: for tests that need what a store holds, and say nothing
of how it came there. Reading processes and the command line have tests of their own; this leaves
out the half seconds in which both start, and nothing else."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ingest.load.writer import Writer
from ingest.model.document import StoredDocument
from ingest.model.proof import TRUST_NOBODY, Trust
from ingest.model.run import Counts
from ingest.model.source import Arrival
from ingest.run.pipeline import Ingested, Turn
from ingest.sources.files import FileSource
from ingest.verify.authenticity import prove
from ingest.workers.pool import Part, Readers
from ingest.workers.read import read_batch, read_stored
from schemas.store.store import Store

__all__ = ["ReadersHere", "read_here"]


def read_here(store: Path, *paths: Path, trust: Trust = TRUST_NOBODY) -> Counts:
    """What became of the documents of these files and folders. None of them may be a danger to
    the process that reads it."""
    done = Ingested()
    source, readers = FileSource(paths), ReadersHere(1)
    Turn(source, trust, Writer(Store(store)), readers, done, lambda _, counts: None).run()
    assert not source.problems
    return done.counts


class ReadersHere(Readers):
    """Reads in this process, when it is asked to."""

    def submit(
        self, items: Sequence[Arrival] | Sequence[StoredDocument], trust: Trust = TRUST_NOBODY
    ) -> list[Part]:
        part = Part(items, trust, self._pressure)
        mails = [each for each in items if isinstance(each, Arrival)]
        documents = [each for each in items if isinstance(each, StoredDocument)]
        prover = partial(prove, trust=trust, check_dkim=None)
        batch = read_stored(documents) if documents else read_batch(mails, prover=prover)
        part.answer.set_result(batch)
        return [part]
