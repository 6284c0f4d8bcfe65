"""The demo mailbox, read with the standard library and none of the code that made it."""

import email
import email.policy
import io
import json
import tempfile
import tomllib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ingest.demo import write_demo

UNTIL = date(2026, 11, 21)
DAYS = 30
VERDICTS = {"advance", "fix", "wait", "done", "roll-back"}


@dataclass(frozen=True)
class Parsed:
    """One aggregate report as the test read it."""

    file: str
    xml: str
    root: ElementTree.Element

    def text(self, path: str, default: str | None = None) -> str:
        found = self.root.findtext(path)
        assert found is not None or default is not None, f"{self.file}: no {path}"
        return found if found is not None else str(default)

    @property
    def day(self) -> str:
        ends = [int(self.text(f"report_metadata/date_range/{end}")) for end in ("begin", "end")]
        return datetime.fromtimestamp(sum(ends) / 2, UTC).date().isoformat()

    @property
    def records(self) -> list[ElementTree.Element]:
        return self.root.findall("record")


@dataclass(frozen=True)
class Demo:
    truth: dict[str, Any]
    settings: dict[str, Any]
    files: dict[str, tuple[bytes, float]]
    reports: tuple[Parsed, ...]

    def mails(self, kind: str) -> list[dict[str, Any]]:
        return [mail for mail in self.truth["mails"] if mail["kind"] == kind]

    def raw(self, mail: dict[str, Any]) -> bytes:
        return self.files[mail["file"]][0]

    def of(self, org_name: str) -> list[Parsed]:
        return [each for each in self.reports if each.text("report_metadata/org_name") == org_name]


def leaves(raw: bytes) -> Iterator[bytes]:
    for part in email.message_from_bytes(raw).walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            yield content


def opened(data: bytes) -> bytes:
    if data[:2] == b"\x1f\x8b":
        return zlib.decompressobj(31).decompress(data)  # leaves what stands behind the trailer
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.read(archive.namelist()[0])
    return data


def document(raw: bytes, start: bytes) -> bytes:
    return next(data for data in map(opened, leaves(raw)) if data.lstrip().startswith(start))


def parsed(file: str, raw: bytes) -> Parsed:
    xml = document(raw, b"<?xml").decode()
    root = ElementTree.fromstring(xml)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return Parsed(file, xml, root)


def load(folder: Path) -> Demo:
    truth = json.loads((folder / "truth.json").read_text())
    settings = tomllib.loads((folder / "rua.toml").read_text())
    paths = sorted((folder / "mails").iterdir())
    files = {path.name: (path.read_bytes(), path.stat().st_mtime) for path in paths}
    mails = (mail for mail in truth["mails"] if mail["kind"] == "report")
    reports = tuple(parsed(mail["file"], files[mail["file"]][0]) for mail in mails)
    return Demo(truth, settings, files, reports)


@cache
def shared_demo() -> Demo:
    """One demo for this module and that of the receivers; making and reading it takes seconds."""
    with tempfile.TemporaryDirectory() as name:
        write_demo(Path(name), days=DAYS, until=UNTIL)
        return load(Path(name))
