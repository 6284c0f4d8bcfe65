"""How many small faults do the tests find? `make mutants` plants them one at a time and counts.

A sample of the faults that could be planted in ingest, schemas and analytics, Python and SQL by
their lines, always the same for one seed and one state of the code. Each is planted in a scratch
copy, and the tests nearest to it run in a forked process until one fails. What no test finds is
printed with its line.

Neither mutmut nor cosmic-ray fits: no tool mutates SQL, where half of the rules stand; mutmut 3
rewrites whole packages and wants all tests to run over them first, and cosmic-ray runs one command
for all mutants, in the work tree itself; neither takes a sample by a seed.
"""

import argparse
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from tests.mutants.choose import chosen_tests
from tests.mutants.mutant import Edit, Mutant
from tests.mutants.python_mutants import python_edits
from tests.mutants.sql_mutants import sql_edits
from tests.mutants.trial import Trial

ROOT = Path(__file__).parents[2]
FOLDERS = ("ingest", "schemas", "analytics")
# The demo's traffic is held by a digest of every document: each fault in it would be found.
LEFT_OUT = ("ingest/demo",)
# Other people's modules, loaded once and not in each forked process.
FORK_READY = (
    "authres",
    "click",
    "cryptography.x509",
    "dns.asyncresolver",
    "duckdb",
    "imapclient",
    "lxml.etree",
    "maxminddb",
    "pandas",
    "pyarrow.compute",
    "pydantic_settings",
    "streamlit.testing.v1",
)


def main() -> int:
    """0 where enough mutants were found."""
    asked = _asked()
    with TemporaryDirectory(prefix="mutants-") as name:
        scratch = Path(name) / "rua"
        _copy(scratch)
        mutants = sample(scratch, asked.sample, asked.seed, asked.folder or FOLDERS)
        if asked.list:
            _say(each.shown(ROOT) for each in mutants)
            return 0
        missed = [*_missed(scratch, mutants)]
    found, rates = 1 - len(missed) / len(mutants), _rates(mutants, missed)
    _say(("", "not found:", *(each.shown(ROOT) for each in missed), "", *rates))
    return int(found < asked.least)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--least", type=float, default=0.85, help="share that must be found")
    parser.add_argument("--list", action="store_true", help="show the sample, run nothing")
    parser.add_argument("folder", nargs="*", help="for instance analytics/advice")
    return parser.parse_args()


def _copy(scratch: Path) -> None:
    """The files that git knows, in a folder of their own."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, scratch / name)


def sample(root: Path, size: int, seed: int, folders: Iterable[str]) -> list[Mutant]:
    """So many mutants: files by their lines, and within a file any place alike."""
    chance = random.Random(seed)
    paths = sorted({path for folder in folders for path in _sources(root, folder)})
    weights = [(root / path).read_bytes().count(b"\n") for path in paths]
    left: dict[Path, list[Edit]] = {}
    chosen: list[Mutant] = []
    while len(chosen) < size and any(weights):
        (place,) = chance.choices(range(len(paths)), weights)
        path = paths[place]
        if path not in left:
            left[path] = chance.sample(edits := [*_edits(root, path)], len(edits))
        if not left[path]:
            weights[place] = 0
        elif _is_sound(root, mutant := Mutant(path, left[path].pop())):
            chosen.append(mutant)
    return sorted(chosen, key=lambda each: (each.path, each.edit.start))


def _sources(root: Path, folder: str) -> Iterator[Path]:
    for file in (root / folder).rglob("*"):
        path = file.relative_to(root)
        if file.suffix in {".py", ".sql"} and not str(path).startswith(LEFT_OUT):
            yield path


def _edits(root: Path, path: Path) -> Iterator[Edit]:
    text = (root / path).read_text(encoding="utf-8")
    return python_edits(text) if path.suffix == ".py" else sql_edits(text)


def _is_sound(root: Path, mutant: Mutant) -> bool:
    """Whether it can be read at all: a fault of syntax would be found by anything."""
    source = mutant.source(root).decode()
    try:
        if mutant.path.suffix == ".py":
            compile(source, str(mutant.path), "exec")
        else:
            duckdb.extract_statements(source)
    except (SyntaxError, duckdb.Error):
        return False
    return True


def _missed(scratch: Path, mutants: Sequence[Mutant]) -> Iterator[Mutant]:
    """The mutants that no test finds."""
    trial = Trial(scratch, ROOT)
    for number, mutant in enumerate(mutants, start=1):
        began, source = time.monotonic(), mutant.source(scratch)
        is_found = trial.finds(mutant.path, source, chosen_tests(scratch, mutant.path))
        took = f"{number}/{len(mutants)}  {time.monotonic() - began:.0f} s"
        _say([f"{took}  {'found' if is_found else 'NOT FOUND'}  {mutant.shown(ROOT)}"])
        if not is_found:
            yield mutant


def _rates(mutants: Sequence[Mutant], missed: Sequence[Mutant]) -> Iterator[str]:
    """The share found: in all, of Python and SQL, and folder by folder."""
    for key in (_all, _kind, _folder):
        every, lost = Counter(map(key, mutants)), Counter(map(key, missed))
        for what, count in sorted(every.items()):
            found = count - lost[what]
            yield f"{what:<24} {found:>4} of {count:>4} found  {found / count:>4.0%}"


def _all(_: Mutant) -> str:
    return "all"


def _kind(mutant: Mutant) -> str:
    return mutant.path.suffix.removeprefix(".")


def _folder(mutant: Mutant) -> str:
    return "/".join(mutant.path.parts[:-1][:2])


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)  # noqa: T201 - what it is for


if __name__ == "__main__":
    for each in FORK_READY:
        __import__(each)
    sys.exit(main())
