"""Every reading command's JSON over one store, to hold two versions of rua against each other.

    python -m tests.answers write --rua OLD/bin/rua --store COPY --as-of 2026-11-01 old/
    python -m tests.answers write --rua NEW/bin/rua --store COPY --as-of 2026-11-01 new/
    python -m tests.answers compare old/ new/        # each key that differs, once

Give each version a copy of the store of its own: a newer one may migrate it.
"""

import argparse
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

__all__ = ["compare", "differences", "write"]

OF_ALL = {
    "status": ("status",),
    "domains": ("domains",),
    "domains-90": ("domains", "--days", "90"),
    "sources": ("sources",),
    "sources-service": ("sources", "--by", "source"),
    "sources-day": ("sources", "--by", "day"),
    "sources-new": ("sources", "--new"),
    "sources-gone": ("sources", "--gone"),
    "advise": ("advise",),
    "tls": ("tls",),
    "reports": ("reports",),
}
OF_ONE = {
    "advise": ("advise", "{}"),
    "history": ("advise", "{}", "--history"),
    "whatif-reject": ("whatif", "{}", "--p", "reject"),
    "whatif-strict": ("whatif", "{}", "--p", "quarantine", "--adkim", "s", "--aspf", "s"),
    "sources": ("sources", "--domain", "{}", "--by", "source"),
}
UNDATED = {
    "quarantine": ("quarantine", "list"),
    "labels": ("label", "--list"),
    "show": ("show", "1"),
}


def write(rua: Path, store: Path, as_of: str, out: Path) -> None:
    """One file a command in `out`: its JSON, or what it said and its exit code."""
    out.mkdir(parents=True, exist_ok=True)
    dated = ("--as-of", as_of)
    for name, words in OF_ALL.items():
        _run(rua, store, (*words, *dated), out / f"{name}.json")
    for name, words in UNDATED.items():
        _run(rua, store, words, out / f"{name}.json")
    for row in json.loads((out / "domains-90.json").read_text()):
        for name, words in OF_ONE.items():
            filled = [word.format(row["domain"]) for word in words]
            _run(rua, store, (*filled, *dated), out / f"{name}-{row['domain']}.json")


def _run(rua: Path, store: Path, words: Sequence[str], out: Path) -> None:
    command = [str(rua), "--store", str(store), *words, "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    failed = json.dumps({"exit": done.returncode, "stderr": done.stderr})
    out.write_text(done.stdout if done.returncode == 0 else failed)


def compare(old: Path, new: Path) -> list[str]:
    """A line per file and key that differ, without the numbers of rows, with the first example."""
    lines: dict[tuple[str, str], str] = {}
    for file in sorted({each.name for each in (*old.glob("*.json"), *new.glob("*.json"))}):
        both = [folder / file for folder in (old, new)]
        if not all(each.exists() for each in both):
            lines[file, ""] = f"{file}: in one folder alone"
            continue
        before, after = (json.loads(each.read_text()) for each in both)
        for key, was, now in differences(before, after):
            kind = re.sub(r"\[\d+\]", "[]", key)
            lines.setdefault((file, kind), f"{file}: {kind}: {was!r} is now {now!r}")
    return list(lines.values())


def differences(old: Any, new: Any, key: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(key, value before, value now) of each leaf that differs; None is also what is not there."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from differences(old.get(name), new.get(name), f"{key}.{name}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (was, now) in enumerate(zip(old, new, strict=True)):
            yield from differences(was, now, f"{key}[{number}]")
    elif old != new:
        yield key, old, new


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, dest="command")
    writing = commands.add_parser("write")
    writing.add_argument("--rua", type=Path, required=True)
    writing.add_argument("--store", type=Path, required=True)
    writing.add_argument("--as-of", required=True)
    writing.add_argument("out", type=Path)
    comparing = commands.add_parser("compare")
    comparing.add_argument("old", type=Path)
    comparing.add_argument("new", type=Path)
    given = parser.parse_args()
    if given.command == "write":
        write(given.rua, given.store, given.as_of, given.out)
    else:
        print("\n".join(compare(given.old, given.new)) or "every answer is the same")  # noqa: T201


if __name__ == "__main__":
    main()
