"""HTTPS before a plain HTTP server, as a reverse proxy that passes everything on as it is.

with tls_proxy(folder, port) as tls_port: ...
"""

import contextlib
import selectors
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.support.servers.certificates import make_certificates

__all__ = ["tls_proxy"]

CHUNK = 65536


@contextlib.contextmanager
def tls_proxy(folder: Path, port: int) -> Iterator[int]:
    """The port on which it speaks TLS for whatever listens on `port`; both on 127.0.0.1."""
    made = make_certificates(folder, ("localhost", "127.0.0.1"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server, made.key)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_accept, args=(server, context, port), daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def _accept(server: socket.socket, context: ssl.SSLContext, port: int) -> None:
    while True:
        try:
            plain, _ = server.accept()
        except OSError:
            return  # it was closed
        threading.Thread(target=_serve, args=(plain, context, port), daemon=True).start()


def _serve(plain: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with (
        contextlib.suppress(OSError),
        context.wrap_socket(plain, server_side=True) as client,
        socket.create_connection(("127.0.0.1", port)) as inner,
    ):
        _pass_on(client, inner)


def _pass_on(client: ssl.SSLSocket, inner: socket.socket) -> None:
    """Until one side ends."""
    with selectors.DefaultSelector() as ready:
        ready.register(client, selectors.EVENT_READ, inner)
        ready.register(inner, selectors.EVENT_READ, client)
        while True:
            for key, _ in ready.select():
                source: socket.socket = key.fileobj  # type: ignore[assignment]
                data = source.recv(CHUNK)
                while isinstance(source, ssl.SSLSocket) and source.pending():
                    data += source.recv(CHUNK)
                if not data:
                    return
                key.data.sendall(data)
