"""Mails a second from files to committed rows, beside parsedmarc's CLI on the same demo mails.

    make bench
    .venv/bin/python -m benchmarks.mails --days 20 --rounds 3

Both are run as a user runs them, in turn, in one call; what counts is the ratio. parsedmarc is
given its best: offline, silent, JSON into a folder, once with one process and once with one for
each processor.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from ingest.demo import write_demo

BIN = Path(sys.executable).parent
UNTIL = date(2026, 11, 1)


def main() -> None:
    """Print a table of mails a second and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--days", type=int, default=18, help="of the demo (about 120 mails each)")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rua-bench-") as folder:
        compare(Path(folder), options.days, options.rounds)


def compare(folder: Path, days: int, rounds: int) -> None:
    """Run every contender once a round, and print what they took."""
    demo = write_demo(folder / "demo", days=days, until=UNTIL)
    mails = folder / "demo" / "mails"
    contenders: dict[str, Callable[[], object]] = {
        "rua": lambda: run_rua(folder, mails),
        "parsedmarc, 1 process": lambda: run_parsedmarc(folder, mails, 1),
        f"parsedmarc, {os.cpu_count()} processes": lambda: run_parsedmarc(
            folder, mails, os.cpu_count() or 1
        ),
    }
    print(f"{demo.mails} mails, {demo.reports} reports, {demo.records} records; {rounds} rounds")
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            began = time.perf_counter()
            contender()
            seconds[name].append(time.perf_counter() - began)
    show(demo.mails, seconds)


def show(mails: int, seconds: dict[str, list[float]]) -> None:
    """Mails a second, and how many times as many rua reads, round by round."""
    print(f"{'':28}{'mails/s':>10}{'seconds: min':>14}{'median':>9}{'max':>8}   rua is faster by")
    ours = seconds["rua"]
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        ratios = sorted(theirs / own for theirs, own in zip(taken, ours, strict=True))
        ratio = f"{ratios[0]:.1f} to {ratios[-1]:.1f} times" if name != "rua" else ""
        figures = f"{mails / middle:10.0f}{min(taken):14.2f}{middle:9.2f}{max(taken):8.2f}"
        print(f"{name:28}{figures}   {ratio}")


def run_rua(folder: Path, mails: Path) -> Path:
    """Returns the store that it made."""
    for old in folder.glob("bench.duckdb*"):
        old.unlink()
    words = ["--store", str(folder / "bench.duckdb"), "ingest", str(mails), "--format", "json"]
    subprocess.run([BIN / "rua", *words, "--offline"], check=True, capture_output=True)
    return folder / "bench.duckdb"


def run_parsedmarc(folder: Path, mails: Path, processes: int) -> None:
    out = folder / "parsedmarc"
    shutil.rmtree(out, ignore_errors=True)
    config = folder / "parsedmarc.ini"
    config.write_text(
        "[general]\noffline = True\nsilent = True\nsave_aggregate = True\n"
        f"save_smtp_tls = True\noutput = {out}\nn_procs = {processes}\n"
    )
    words = ["-c", str(config), str(mails)]
    subprocess.run([BIN / "parsedmarc", *words], check=True, capture_output=True, cwd=folder)
    if not (out / "aggregate.json").stat().st_size:
        raise SystemExit("parsedmarc wrote nothing: the comparison would be worth nothing")


if __name__ == "__main__":
    main()
