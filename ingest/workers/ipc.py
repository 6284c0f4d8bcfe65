"""What a reading process read, through the pipe to the one that writes it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection

from ingest.columns.tables import packed, unpacked
from ingest.model.batch import Batch

__all__ = ["Parcel", "receive", "send"]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A batch whose tables, by these names, and whose documents follow one by one."""

    light: Batch
    tables: Sequence[str]


def send(batch: Batch, pipe: Connection) -> None:
    """Each table is let go once it is sent: pickled together with its batch it would stand in
    memory twice, and the batch is as large as a reading process may be."""
    light = replace(batch, readings=[replace(each, data=b"") for each in batch.readings], tables={})
    names = list(batch.tables)
    pipe.send(Parcel(light, names))
    for name in names:
        pipe.send_bytes(packed(batch.tables.pop(name)))
    for reading in batch.readings:
        pipe.send_bytes(reading.data)


def receive(parcel: Parcel, pipe: Connection) -> Batch:
    """What `send` sent. Raises EOFError or ConnectionError when the process died on the way."""
    tables = {name: unpacked(pipe.recv_bytes()) for name in parcel.tables}
    whole = [replace(reading, data=pipe.recv_bytes()) for reading in parcel.light.readings]
    return replace(parcel.light, readings=whole, tables=tables)
