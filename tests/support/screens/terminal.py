"""A pseudo-terminal, for what asks questions."""

import codecs
import os
import pty
import select
import time
from pathlib import Path

from tests.conftest import RUA, clean_environment

__all__ = ["Terminal"]

SECONDS = 60


class Terminal:
    """rua at a terminal of its own: `expect` waits for a text, `type` answers."""

    def __init__(self, folder: Path, *words: str | Path, **environment: str) -> None:
        self.seen = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()  # a read may end within a character
        self._read = 0
        pid, self._terminal = pty.fork()
        if pid == 0:  # the child: a new process group whose terminal this is
            os.chdir(folder)
            arguments = [str(RUA), *map(str, words)]
            os.execve(RUA, arguments, clean_environment(folder) | environment)  # noqa: S606
        self._pid = pid

    def expect(self, text: str) -> None:
        end = time.monotonic() + SECONDS
        while text not in self.seen[self._read :]:
            assert self._more(end - time.monotonic()), f"no {text!r} in {self.seen!r}"
        self._read = self.seen.index(text, self._read) + len(text)

    def type(self, text: str = "") -> None:
        os.write(self._terminal, f"{text}\n".encode())

    def answer(self, *pairs: tuple[str, str]) -> None:
        for question, text in pairs:
            self.expect(question)
            self.type(text)

    def press(self, key: str) -> None:
        """A control key, when it waits for input: readline misses what comes just before."""
        time.sleep(0.5)
        os.write(self._terminal, bytes([ord(key) - ord("@")]))

    def end(self) -> int:
        """Its exit code, when everything it says has been read."""
        end = time.monotonic() + SECONDS
        while self._more(end - time.monotonic()):
            pass
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _more(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], max(0, seconds))
        try:
            data = os.read(self._terminal, 4096) if ready else b""
        except OSError:  # Linux says so when the other side has closed
            data = b""
        self.seen += self._decoder.decode(data).replace("\r\n", "\n")
        return bool(data)
