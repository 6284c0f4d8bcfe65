"""`rua` as a process of its own, without the half second in which Python loads its libraries.

One process per test session has loaded them, and forks for each command: the child has its own
memory, folder, environment, standard streams and exit code, and runs what the console script
runs. What a test says of how the command starts (what it loads, signals, a terminal, languages)
it says of the installed script itself, by `tests.support.process.rua_command` or subprocess.

    done = ended(["domains"], folder, environment, 60)
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import NoReturn

from tests.support.paths import ROOT

__all__ = ["ended"]

RUA = Path(sys.executable).with_name("rua")
LOADED = (
    *(
        "dashboards.cli.main",
        "ingest.run.pipeline",
        "publicsuffixlist",
        "pandas",
        "pyarrow.compute",
    ),
    *(
        f"dashboards.cli.commands.{name}"
        for name in (
            *("advise", "domains", "ingest", "label", "quarantine", "rebuild", "reports"),
            *("snapshot", "sources", "sql", "status", "tls", "whatif"),
        )
    ),
)
# What matters while Python and its libraries start, and could not be made good in a child.
STARTING = (
    *("PYTHON", "LD_", "LC_", "LANG", "TZ", "PATH", "VIRTUAL_ENV", "MALLOC_", "ARROW_"),
    *("OPENBLAS_", "OMP_"),
)


def ended(
    words: Sequence[str], folder: Path, env: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[bytes]:
    """How `rua` with these words ended, in that folder and environment, with nothing to read.
    Raises subprocess.TimeoutExpired."""
    forks = _of_this_session()
    if forks.may_stand_for(env):
        return forks.run(words, folder, env, seconds)
    with Path(os.devnull).open("rb") as nothing:
        return subprocess.run(
            [RUA, *words],
            cwd=folder,
            env=env,
            stdin=nothing,
            capture_output=True,
            timeout=seconds,
            check=False,
        )


class Forks:
    """The process that forks, and the way to it."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="forks-")
        self._path = f"{self._folder.name}/at"
        self._env = dict(os.environ)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.process.forked", self._path],
            cwd=ROOT,
            env=self._env | {"OPENBLAS_NUM_THREADS": "1"},  # no threads where one forks
            stdin=subprocess.PIPE,  # it ends when this is closed, however we end
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def may_stand_for(self, env: Mapping[str, str]) -> bool:
        """Whether a command in this environment is the same, forked here or started anew."""
        keys = env.keys() | self._env.keys()
        changed = (key for key in keys if env.get(key) != self._env.get(key))
        return not any(key.startswith(STARTING) for key in changed)

    def run(
        self, words: Sequence[str], folder: Path, env: Mapping[str, str], seconds: float
    ) -> subprocess.CompletedProcess[bytes]:
        """Run `rua` with these words and nothing to read; raises subprocess.TimeoutExpired."""
        with contextlib.ExitStack() as stack:
            nothing = stack.enter_context(Path(os.devnull).open("rb"))
            streams = [nothing, *(stack.enter_context(TemporaryFile()) for _ in range(2))]
            way = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            way.connect(self._path)
            handles = [each.fileno() for each in streams]
            _send(way, (words, str(folder), dict(env)), handles)
            pid = int(_line(way))
            way.settimeout(seconds)
            try:
                code = int(_line(way))
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(words, seconds) from None
            said = [os.pread(each, 1 << 30, 0) for each in handles[1:]]
            return subprocess.CompletedProcess(["rua", *words], code, *said)


@cache
def _of_this_session() -> Forks:
    return Forks()


def _send(way: socket.socket, asked: object, streams: Sequence[int]) -> None:
    content = json.dumps(asked).encode()
    socket.send_fds(way, [b"%020d" % len(content)], streams)
    way.sendall(content)


def _line(way: socket.socket) -> bytes:
    found = b""
    while not found.endswith(b"\n"):
        more = way.recv(1)
        if not more:
            raise EOFError("the process that forks has gone")
        found += more
    return found


def _serve(path: str) -> None:
    """Until the standard input is closed."""
    for name in LOADED:
        __import__(name)
    gc.freeze()  # or each child would copy every page as it counts what is alive
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(path)
        listening.listen(64)
        os.write(1, b"ready\n")
        while 0 not in select.select([listening.fileno(), 0], [], [])[0]:
            way, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _attend(way)
            way.close()


def _attend(way: socket.socket) -> NoReturn:
    """The one that waits for the command, and tells how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, streams, _, _ = socket.recv_fds(way, 20, 3)
    content = b""
    while len(content) < int(length):
        content += way.recv(1 << 16)
    words, folder, env = json.loads(content)
    pid = os.fork()
    if pid == 0:
        way.close()
        _command(words, folder, env, streams)
    way.sendall(b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(ConnectionError):
        way.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _command(words: list[str], folder: str, env: dict[str, str], streams: list[int]) -> NoReturn:
    """What the console script does, in an environment of its own."""
    code = 1
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(env)
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # as dashboards.cli.main does
        time.tzset()
        sys.path[0] = str(Path(sys.executable).parent)
        sys.argv = [str(RUA), *words]  # init names the command by it
        from dashboards.cli.main import main  # noqa: PLC0415 - it is loaded

        code = main(words)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - whatever it is, the tests see it
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve(sys.argv[1])
    os._exit(0)  # nothing to clear up, and a good half second to do it
