"""Golden cases: an input and what it must be read as, two files side by side in tests/golden.

A case is added by adding its files. RUA_REWRITE_GOLDEN=1 writes what is read into the expected
files; each of them is then held against docs/deviations.md in the diff.
"""

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from ingest.model.document import Kind
from ingest.parse import read_aggregate, read_tls
from ingest.unpack.documents import Leaf, extract
from schemas.errors import Refusal
from tests.support.paths import GOLDEN

REWRITE = os.environ.get("RUA_REWRITE_GOLDEN") == "1"
EXPECTED = {"dmarc": ".json", "tls": ".expected.json", "mail": ".json"}
INPUTS = {"dmarc": "*.xml", "tls": "*.json", "mail": "*.eml"}


def cases(folder: str) -> list[Path]:
    """The inputs of a folder."""
    found = sorted((GOLDEN / folder).glob(INPUTS[folder]))
    return [path for path in found if not path.name.endswith(".expected.json")]


def expected_path(case: Path) -> Path:
    return case.with_name(case.name.removesuffix(case.suffix) + EXPECTED[case.parent.name])


def reading(kind: str, data: bytes, name: str = "") -> dict[str, Any]:
    """The model as plain JSON values, or why it is refused."""
    try:
        report = read_tls(data) if kind == Kind.JSON else read_aggregate(data, name=name)
    except Refusal as refusal:
        return {"refused": refusal.code, "reason": str(refusal)}
    return report.model_dump(mode="json")


def leaf_summary(leaf: Leaf) -> dict[str, Any]:
    """A leaf as a mail's expected file shows it."""
    out: dict[str, Any] = {"kind": leaf.kind.value, "path": leaf.path, "bytes": len(leaf.data)}
    if leaf.ignored:
        return out | {"ignored": True}
    if leaf.refusal is not None:
        return out | {"refused": leaf.refusal.code, "reason": str(leaf.refusal)}
    read = reading(leaf.kind, leaf.data, leaf.path)
    out["sha256"] = hashlib.sha256(leaf.data).hexdigest()
    if "refused" in read:
        return out | read
    keys = ("reporter", "report_id", "repairs", "flags")
    counted = len(read["records"] if "records" in read else read["policies"])
    return out | {key: read[key] for key in keys} | {"records": counted}


def read_case(case: Path) -> Any:
    """What rua makes of a case."""
    data = case.read_bytes()
    if case.parent.name == "mail":
        return [leaf_summary(leaf) for leaf in extract(data, is_mail=True)]
    return reading(Kind.JSON if case.suffix == ".json" else Kind.XML, data)


def rendered(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


ALL = [case for folder in EXPECTED for case in cases(folder)]


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_a_case_is_read_as_its_expected_file_says(case: Path) -> None:
    text = rendered(read_case(case))
    if REWRITE:
        expected_path(case).write_bytes(text.encode())
    assert text == expected_path(case).read_bytes().decode()


def test_every_file_belongs_to_a_case() -> None:
    belonging = {path for case in ALL for path in (case, expected_path(case))}
    found = {path for folder in INPUTS for path in (GOLDEN / folder).iterdir()}
    assert found == belonging


def test_every_deviation_has_a_case_or_a_word_why_not() -> None:
    """docs/deviations.md has D1 to D45 and T1 to T16; the README lists a case for each."""
    wanted = {f"D{n:02}" for n in range(1, 46)} | {f"T{n:02}" for n in range(1, 17)}
    shown = {match[0] for case in ALL if (match := re.match(r"[DT]\d\d", case.name))}
    told = set(re.findall(r"^\| ([DT]\d\d) \|", (GOLDEN / "README.md").read_text(), re.MULTILINE))
    assert told == wanted
    assert wanted - shown == {"D44"}
