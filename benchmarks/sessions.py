"""Sessions of the dashboard without a browser, many at once: what each of them waits for.

A session speaks to the server as Streamlit's own page does, over its WebSocket: it asks for a
screen, and has it when the script has run to its end.
"""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

__all__ = ["Reloads", "reloading"]

PATIENCE = 120.0
OUT_OF_STEP = 7  # people do not reload all at the same moment
BIG = 64 * 1024 * 1024
SAYS_TROUBLE = ("The store is busy", "cannot read the store")


@dataclass(slots=True)
class Reloads:
    """Seconds of each reload, and what went wrong in any."""

    seconds: list[float] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


@contextmanager
def reloading(url: str, query: str, sessions: int, pause: float) -> Iterator[Reloads]:
    """Within, so many sessions reload a screen, each about `pause` seconds after it was there."""
    found, ended = Reloads(), threading.Event()

    def session(number: int) -> None:
        turns = itertools.count(number * OUT_OF_STEP)
        while not ended.wait(pause * (0.5 + next(turns) * OUT_OF_STEP % 10 / 10)):
            began = time.monotonic()
            try:
                troubles = list(_reload(url, query))
            except (OSError, TimeoutError, EOFError) as error:
                troubles = [repr(error)]
            found.seconds.append(time.monotonic() - began)
            found.troubles.extend(troubles)

    threads = [threading.Thread(target=session, args=(number,)) for number in range(sessions)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _reload(url: str, query: str) -> Iterator[str]:
    """A new session that asks for a screen; what of it is an error."""
    place = urlsplit(url)
    with connect(
        f"ws://{place.netloc}/_stcore/stream",
        origin=Origin(f"{place.scheme}://{place.netloc}"),
        subprotocols=[Subprotocol("streamlit")],
        max_size=BIG,
        open_timeout=PATIENCE,
    ) as socket:
        asked = BackMsg()
        asked.rerun_script.query_string = query
        asked.rerun_script.page_name = place.path.strip("/")
        socket.send(asked.SerializeToString())
        yield from _troubles(socket)


def _troubles(socket: ClientConnection) -> Iterator[str]:
    while True:
        data = socket.recv(timeout=PATIENCE)
        message = ForwardMsg.FromString(data.encode() if isinstance(data, str) else data)
        kind = message.WhichOneof("type")
        if kind == "script_finished":
            return
        if kind != "delta":
            continue
        element = message.delta.new_element
        if element.WhichOneof("type") == "exception":
            yield element.exception.message
        elif any(words in element.alert.body for words in SAYS_TROUBLE):
            yield element.alert.body
