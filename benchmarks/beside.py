"""Who reads while mails are read in, and what he waits for: for the store, and for a screen."""

import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from benchmarks.sessions import Reloads, reloading
from schemas.errors import RuaError
from schemas.store.store import Store
from tests.support.screens.browser import running

__all__ = ["percentile", "reloading_sessions", "waiting_readers"]

READERS = 8
SESSION_SECONDS = 1.0  # between two reloads of one
SETTLING_SECONDS = 60.0


def waiting_readers(path: Path, mails: Path, pause: float) -> str:
    """What readers wait for the store itself, `pause` seconds after each was answered."""
    store = Store(path)
    waited: list[float] = []
    errors: list[RuaError] = []
    ended = threading.Event()

    def reload() -> None:
        while not ended.is_set():
            began = time.monotonic()
            try:
                with store.read() as con:
                    waited.append(time.monotonic() - began)
                    con.execute("select count(*) from report").fetchall()
            except RuaError as error:  # locked out, full or damaged: counted
                errors.append(error)
            ended.wait(pause)

    with store.write():
        pass  # there is something to read
    readers = [threading.Thread(target=reload) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    lasted = ingest(path, mails)
    ended.set()
    for reader in readers:
        reader.join()
    return (
        f"{READERS} readers of the store, each {pause} s after it was answered, beside an ingest of"
        f" {lasted:.0f} s: {len(waited):,} reads, {len(errors)} errors, waited"
        f" p95 {percentile(waited) * 1000:.0f} ms, most {max(waited) * 1000:.0f} ms"
    )


def reloading_sessions(path: Path, folder: Path, mails: Path) -> str:
    """What sessions of the dashboard wait for that reload Monday: quiet, and beside an ingest."""
    with running(["--store", str(path)], folder) as url:
        time.sleep(SETTLING_SECONDS)
        with reloading(url, "", READERS, SESSION_SECONDS) as quiet:
            time.sleep(SETTLING_SECONDS)
        with reloading(url, "", READERS, SESSION_SECONDS) as beside:
            lasted = ingest(path, mails)
    size = path.stat().st_size // 1_000_000
    return (
        f"{READERS} sessions that reload Monday, each {SESSION_SECONDS} s after it was there, of a"
        f" store of {size} MB:\n    quiet: {told(quiet)}\n    beside an ingest of {lasted:.0f} s:"
        f" {told(beside)}"
    )


def told(reloads: Reloads) -> str:
    seconds = reloads.seconds
    return (
        f"{len(seconds)} reloads, {len(reloads.troubles)} errors, middle"
        f" {statistics.median(seconds):.2f} s, p95 {percentile(seconds):.2f} s,"
        f" most {max(seconds):.2f} s"
    )


def ingest(path: Path, mails: Path) -> float:
    """The seconds it takes."""
    began = time.monotonic()
    command = [str(Path(sys.executable).parent / "rua"), "--store", str(path), "ingest"]
    subprocess.run([*command, "--offline", str(mails)], check=True, capture_output=True)
    return time.monotonic() - began


def percentile(seconds: list[float]) -> float:
    """The 95th."""
    return statistics.quantiles([*seconds, *seconds], n=20)[-1]
