"""The advisor over labelled histories: never ready before it is right, and not much later.

python -m tests.simulator.test_backtest 1 2 3       every day of more seeds, and both organisations
"""

import sys
import tempfile
from datetime import date
from pathlib import Path
from statistics import median

import pytest

from tests.integration.commands.test_classes import Record
from tests.simulator.backtest import Backtest, walked

UNTIL = date(2026, 11, 20)
LATE_MEDIAN, LATE_MOST, LATE_BACK = 7, 21, 3  # days
EVERY = 6


@pytest.mark.parametrize(
    "variant", [pytest.param("default", marks=pytest.mark.seeds), "situations"]
)
def test_it_is_never_ready_too_early_nor_much_too_late(
    variant: str, tmp_path: Path, record_property: Record
) -> None:
    found = walked(tmp_path, variant, 1, UNTIL, every=EVERY)
    record_property("table", found.text(f"backtest, {variant}, seed 1, each sixth day"))
    check(found)


def check(found: Backtest) -> None:
    """A look comes up to EVERY - 1 days after what it could have said."""
    assert found.looks > 100
    assert not found.false_ready
    assert len(found.wrong) <= 0.05 * found.looks
    late = found.late_ready.values()
    assert median(late) <= LATE_MEDIAN
    assert max(late) <= LATE_MOST
    assert all(days <= LATE_BACK + EVERY - 1 for days in found.late_back.values())


def main() -> None:
    """Walk whole histories; a minute and more each."""
    for seed in map(int, sys.argv[1:]):
        for variant in ("default", "situations"):
            with tempfile.TemporaryDirectory() as folder:
                found = walked(Path(folder), variant, seed, UNTIL)
            sys.stdout.write(found.text(f"{variant}, seed {seed}, every day") + "\n")
            for row in (*found.false_ready, *found.wrong):
                sys.stdout.write(f"  {row}\n")


if __name__ == "__main__":
    main()
