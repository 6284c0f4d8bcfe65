"""The installed console script, run as a user runs it, and what can be seen of it from outside."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ingest.run.rebuild import DERIVED
from tests.support.process.forked import ended
from tests.support.servers.dovecot import User, checked

__all__ = ["Done", "derived", "finish", "message_ids", "rows", "run", "settings", "start"]

RUA = Path(sys.executable).with_name("rua")
SECONDS = 90  # no run here takes more than a few, on an idle machine
PROTECTED = ("migration", "report_state", "view_text")
PRIMARY = (
    *("carrier", "document", "delivery", "ledger", "run"),
    *("ptr_lookup", "label", "dns_snapshot", "advice"),
)


@dataclass(frozen=True, slots=True)
class Done:
    """How a run ended."""

    code: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def line(self) -> str:
        """The one line it said; anything else is a failure."""
        assert self.err.count("\n") == 1, self
        assert "Traceback" not in self.err, self
        return self.err.rstrip("\n")


def run(
    *words: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    offline: bool = True,
) -> Done:
    """Run it to its end."""
    told = _environment(offline=offline) | dict(env or {})
    done = ended([str(word) for word in words], cwd or Path.cwd(), told, SECONDS)
    return Done(done.returncode, done.stdout, done.stderr.decode())


def start(
    *words: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
    offline: bool = True,
) -> subprocess.Popen[bytes]:
    """Start it; finish() ends it. No settings of whoever runs the tests reach it.

    It asks DNS nothing, unless `offline` leaves that to its settings.
    """
    return subprocess.Popen(
        [str(RUA), *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(offline=offline) | dict(env or {}),
        cwd=cwd,
        pass_fds=pass_fds,
    )


def _environment(*, offline: bool) -> dict[str, str]:
    clean = {name: text for name, text in os.environ.items() if not name.startswith("RUA_")}
    clean["HOME"] = os.devnull
    return clean | ({"RUA_DNS__OFFLINE": "true"} if offline else {})


def finish(process: subprocess.Popen[bytes]) -> Done:
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Done(process.returncode, out, err.decode())


def settings(folder: Path, *mailboxes: str, **top: object) -> Path:
    """Write rua.toml with a store beside it. One worker, unless told: each takes time to start."""
    values = {"store": "rua.duckdb", "workers": 1, **top}
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    path = folder / "rua.toml"
    path.write_text("\n".join((*lines, *mailboxes, "")), encoding="utf-8")
    return path


def rows(store: Path, question: str, *values: object) -> list[tuple[Any, ...]]:
    """The answer of the store, in plain DuckDB."""
    with duckdb.connect(str(store), read_only=True) as con:
        return con.execute(question, list(values)).fetchall()


def derived(store: Path) -> dict[str, list[str]]:
    """Every row of every derived table, in a fixed order."""
    with duckdb.connect(str(store), read_only=True) as con:
        tables = con.execute("select table_name from duckdb_tables()").fetchall()
        named = {name for (name,) in tables}
        # A new table is either kept or made again: nobody may forget to say which.
        assert named == {*DERIVED, *PRIMARY, *PROTECTED}
        return {
            table: sorted(map(repr, con.execute(f"select * from {table}").fetchall()))
            for table in DERIVED
        }


def message_ids(user: User, folder: str = "INBOX") -> Counter[str]:
    """How often each Message-ID lies in a folder; none where there is no such folder."""
    if folder not in user.folders():
        return Counter()
    with user.session(folder) as client:
        if not checked(client.uid("SEARCH", "ALL"))[0]:
            return Counter()
        wanted = "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"
        status, answer = client.uid("FETCH", "1:*", wanted)
    assert status == "OK"
    heads = [item[1] for item in answer if isinstance(item, tuple)]
    return Counter(head.decode().partition(":")[2].strip() for head in heads)
