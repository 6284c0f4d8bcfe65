"""Every number of the gates is a setting, with its basis, and the manual says both."""

import pytest

from schemas.config.thresholds import Gates
from tests.support.paths import DOCS

MANUAL = DOCS / "settings.md"


def rows() -> dict[str, list[str]]:
    """Key to the cells beside it, of the table under [gates]."""
    part = MANUAL.read_text(encoding="utf-8").split("## `[gates]`")[1].split("\n## ")[0]
    lines = (line.strip("|").split(" | ") for line in part.splitlines() if line.startswith("| `"))
    return {cells[0].strip(" `"): [cell.strip() for cell in cells[1:]] for cells in lines}


@pytest.mark.parametrize("name", Gates.model_fields)
def test_a_gate_stands_in_the_manual_with_its_default_and_basis(name: str) -> None:
    field = Gates.model_fields[name]
    default, means, basis = rows()[name]
    assert default == str(field.default)
    assert means
    assert basis == field.description


def test_the_manual_has_no_other() -> None:
    assert [*rows()] == [*Gates.model_fields]
