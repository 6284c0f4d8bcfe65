"""Sends a batch through the pipe from a reading process to the main process."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection

from ingest.columns.tables import packed, unpacked
from ingest.model.batch import Batch

__all__ = ["Announced", "receive", "send"]


@dataclass(frozen=True, slots=True)
class Announced:
    """A batch whose tables, by these names, and whose documents follow one by one."""

    batch: Batch
    tables: Sequence[str]


def send(batch: Batch, pipe: Connection) -> None:
    """Each table is freed once it is sent: pickled with its batch it would be in memory twice, and
    a batch may be as large as a reading process is allowed to be."""
    empty = replace(batch, readings=[replace(each, data=b"") for each in batch.readings], tables={})
    names = list(batch.tables)
    pipe.send(Announced(empty, names))
    for name in names:
        pipe.send_bytes(packed(batch.tables.pop(name)))
    for reading in batch.readings:
        pipe.send_bytes(reading.data)


def receive(announced: Announced, pipe: Connection) -> Batch:
    """What `send` sent. Raises EOFError or ConnectionError if the process dies meanwhile."""
    tables = {name: unpacked(pipe.recv_bytes()) for name in announced.tables}
    readings = [replace(each, data=pipe.recv_bytes()) for each in announced.batch.readings]
    return replace(announced.batch, readings=readings, tables=tables)
