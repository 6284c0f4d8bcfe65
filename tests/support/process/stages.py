"""What tests/soak/kills.py puts on a child's path as sitecustomize.py: it says where the child is.

Copied there by itself, so it imports nothing of the tests. In the process of a command, not in
its readers, it wraps the methods between two stages of an ingest. Each event is one line in a
pipe; at the event named in STAGES_STOP ("commit inserted 2": the second time) the process
waits there until it is killed or let go.

    fetch   asked, came          of one IMAP FETCH
    read    given, queued        a batch to the reading processes
    commit  opening, inserted, committed    of one transaction; created: a file of DuckDB is open
    settle  moving, moved        of one IMAP MOVE (or COPY, STORE, EXPUNGE)
"""

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

SETTLING = ("move", "copy", "add_flags", "uid_expunge")
met: Counter[str] = Counter()


def reached(event: str) -> None:
    """Tell it, and stop here when this is the place."""
    met[event] += 1
    line = f"{event} {met[event]}"
    os.write(int(os.environ["STAGES_PIPE"]), f"{line}\n".encode())
    if line == os.environ.get("STAGES_STOP"):
        os.read(int(os.environ["STAGES_GATE"]), 1)


class Told:
    """A connection of DuckDB that tells its commits."""

    def __init__(self, con: Any) -> None:
        self._con = con

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def execute(self, statement: str, *rest: Any) -> Any:
        if statement != "commit":
            return self._con.execute(statement, *rest)
        reached("commit inserted")
        answer = self._con.execute(statement)
        reached("commit committed")
        return answer


def wrap() -> None:
    """Only public methods, and the sizes of a group, so that few mails make several."""
    import duckdb  # noqa: PLC0415  # after the choice below

    from ingest.run import pipeline  # noqa: PLC0415
    from ingest.sources.imap_session import Session  # noqa: PLC0415
    from ingest.workers.pool import Readers  # noqa: PLC0415
    from schemas.store.store import Store  # noqa: PLC0415

    ask, submit, write, connect = Session.ask, Readers.submit, Store.write, duckdb.connect

    def told_ask(self: Session, doing: str, command: str, *words: Any, **options: Any) -> Any:
        stage = "settle" if command in SETTLING else command
        if stage not in ("settle", "fetch"):
            return ask(self, doing, command, *words, **options)
        before, after = ("moving", "moved") if stage == "settle" else ("asked", "came")
        reached(f"{stage} {before}")
        answer = ask(self, doing, command, *words, **options)
        reached(f"{stage} {after}")
        return answer

    def told_submit(self: Readers, items: Any, *words: Any) -> Any:
        reached("read given")
        parts = submit(self, items, *words)
        reached("read queued")
        return parts

    @contextlib.contextmanager
    def told_write(self: Store, **how: Any) -> Iterator[Any]:
        reached("commit opening")
        with write(self, **how) as con:
            yield Told(con)

    def told_connect(*words: Any, **options: Any) -> Any:
        con = connect(*words, **options)
        if not options.get("read_only"):
            reached("commit created")
        return con

    Session.ask, Readers.submit, Store.write = told_ask, told_submit, told_write  # type: ignore[assignment, method-assign]
    duckdb.connect = told_connect
    group = int(os.environ.get("STAGES_GROUP", pipeline.GROUP_MAILS))
    pipeline.GROUP_MAILS, pipeline.AHEAD_MAILS = group, 2 * group


if __name__ == "sitecustomize" and "ingest.workers.pool" not in sys.orig_argv:
    wrap()
