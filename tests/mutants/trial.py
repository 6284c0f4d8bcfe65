"""Tests run against a scratch copy, in a forked process, until the first one fails."""

import itertools
import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

__all__ = ["Trial"]

CPU_SECONDS, WALL_SECONDS = 60, 600  # of one test with what it sets up
OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no"]
OPTIONS += ["--import-mode=importlib"]  # files of one name in several folders
OPTIONS += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # plugins that are loaded already
NO_TEST_LEFT = 5


class Trial:
    """`scratch` is the copy, `origin` the work tree, of which nothing may be imported."""

    def __init__(self, scratch: Path, origin: Path) -> None:
        self._scratch, self._origin = scratch, origin
        self._noted = scratch.with_name("failed")
        self._unsound: set[str] = set()
        self._sound: set[str] = set()
        self._later = itertools.count(1)

    def finds(self, path: Path, source: bytes, tests: Sequence[Path]) -> bool:
        """Whether a test fails where the file reads like this, and passes where it does not."""
        file = self._scratch / path
        original, written_at = file.read_bytes(), file.stat().st_mtime
        while True:
            self._write(file, source, written_at + next(self._later))
            try:
                is_found = not self._pass([str(each) for each in tests])
            finally:
                self._write(file, original, written_at)
            if not is_found or self._is_sound(self._noted.read_text(), tests):
                return is_found

    def _write(self, file: Path, source: bytes, at: float) -> None:
        """Python takes a compiled file for that of a source with its time and size."""
        file.write_bytes(source)
        os.utime(file, (at, at))

    def _is_sound(self, test: str, tests: Sequence[Path]) -> bool:
        """What fails without a mutant, too, says nothing and is not asked again."""
        if not test and not self._pass(["--collect-only", *map(str, tests)]):
            raise SystemExit("pytest collects no test even without a mutant")
        if test and test not in self._sound | self._unsound:
            (self._sound if self._pass([test]) else self._unsound).add(test)
        return test not in self._unsound

    def _pass(self, tests: Sequence[str]) -> bool:
        self._noted.write_text("")
        child = os.fork()
        if child == 0:
            self._run(tests)
        _, status = os.waitpid(child, 0)
        _end_group(child)
        return os.waitstatus_to_exitcode(status) in {0, NO_TEST_LEFT}

    def _run(self, tests: Sequence[str]) -> None:
        code = 70
        try:
            os.setsid()
            _be_silent()
            os.chdir(self._scratch)
            for name in [each for each in sys.modules if each.split(".")[0] == "tests"]:
                del sys.modules[name]
            sys.path[:] = [each for each in sys.path if Path(each).resolve() != self._origin]
            sys.path.insert(0, str(self._scratch))
            os.environ["PYTHONPATH"] = str(self._scratch)
            left_out = [f"--deselect={each}" for each in self._unsound]
            code = int(pytest.main([*OPTIONS, *left_out, *tests], [_Guard(self._noted)]))
        finally:
            os._exit(code)


class _Guard:
    """Notes which test runs, and ends the process where one takes far too long."""

    def __init__(self, noted: Path) -> None:
        self._noted = noted

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._noted.write_text(item.nodeid)
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(WALL_SECONDS)

    def pytest_sessionfinish(self) -> None:
        signal.alarm(0)


def _be_silent() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for each in (0, 1, 2):
        os.dup2(nowhere, each)


def _end_group(leader: int) -> None:
    """Servers and readers that a test had no time to stop: they are all of its own session."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return
