"""A TCP proxy that cuts a connection, or goes silent, at a chosen answer of the server.

It sees only bytes, so TLS passes through it. An answer is all that the server sends before the
client speaks again: 0 is the connection itself, 1 the server's part of the TLS handshake.
"""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from tests.support.process.patience import PATIENCE

__all__ = ["CuttingProxy", "cutting"]

PIECE = 65536


class CuttingProxy:
    """`sizes` is the length of each answer of the last connection, in bytes."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self.port: int = self._listener.getsockname()[1]
        self.sizes: list[int] = []
        self._answer, self._after, self._stalls = -1, 0, False

    def cut(self, answer: int, *, after: int = 0, stalls: bool = False) -> None:
        """Once: let `after` bytes of that answer pass, then close both ends or go silent."""
        self._answer, self._after, self._stalls = answer, after, stalls

    def serve(self) -> None:
        self._listener.settimeout(0.1)
        while not self._ended.is_set():
            with suppress(OSError):  # nobody came, or close() was called
                client = self._listener.accept()[0]
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def close(self) -> None:
        self._ended.set()
        self._listener.close()

    def _pass_on(self, client: socket.socket) -> None:
        self.sizes = [0]
        with closing(client), suppress(OSError):
            if self._is_here(0):
                return
            with closing(socket.create_connection(self._server)) as server:
                self._converse(client, server)

    def _converse(self, client: socket.socket, server: socket.socket) -> None:
        is_answered = True
        while not self._ended.is_set():
            for end in select.select([client, server], [], [], 0.1)[0]:
                data = end.recv(PIECE)
                if not data:
                    return
                if end is client:
                    is_answered = False
                    server.sendall(data)
                    continue
                if not is_answered:
                    self.sizes.append(0)
                    is_answered = True
                passed = self._passed(data)
                client.sendall(passed)
                self.sizes[-1] += len(passed)
                if passed != data and self._is_here(len(self.sizes) - 1):
                    return

    def _passed(self, data: bytes) -> bytes:
        if len(self.sizes) - 1 != self._answer:
            return data
        left = self._after - self.sizes[-1]
        return data[: max(0, left)]

    def _is_here(self, answer: int) -> bool:
        """Whether this is the place; the next connection is then left alone."""
        if answer != self._answer:
            return False
        self._answer = -1
        if self._stalls:
            self._ended.wait(PATIENCE)
        return True


@contextmanager
def cutting(server: tuple[str, int]) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(server)
    thread = threading.Thread(target=proxy.serve)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
