"""The documents of all golden cases and of the corpus, for tests that hold for each of them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ingest.model.document import Kind
from ingest.sources.files import FileSource
from ingest.unpack.documents import extract
from tests.support.paths import GOLDEN

__all__ = ["CORPUS", "GOLDEN_INPUTS", "Document", "documents_below"]

CORPUS = os.environ.get("RUA_CORPUS")
GOLDEN_INPUTS = sorted(
    path
    for pattern in ("dmarc/*.xml", "tls/*.json", "mail/*.eml")
    for path in GOLDEN.glob(pattern)
    if not path.name.endswith(".expected.json")
)


class Document(NamedTuple):
    """One XML or JSON document; `name` is that of the file it lies in, `path` its own."""

    name: str
    kind: Kind
    data: bytes
    path: str


def documents_below(*paths: Path) -> Iterator[Document]:
    """What files and folders hold, as rua opens them; containers that do not open left out."""
    for batch in FileSource(paths).arrivals():
        for arrival in batch:
            name = Path(arrival.key).name
            for leaf in extract(arrival.raw, is_mail=arrival.is_mail, name=name):
                if leaf.kind in (Kind.XML, Kind.JSON) and not leaf.ignored and not leaf.refusal:
                    yield Document(name, leaf.kind, leaf.data, leaf.path)
