"""Waits for mail on an open session: by IDLE (RFC 2177), or by polling."""

import time
from collections.abc import Callable
from typing import Any

from ingest.sources.imap_session import Session
from schemas.errors import Unreachable

__all__ = ["wait_for_mail"]

# RFC 2177: IDLE is sent again at least every 29 minutes. We do so more often, because address
# translation forgets a silent connection sooner, and only an answer shows that the server is there.
IDLE_SECONDS = 9 * 60.0
FIRST_SECONDS = 2.0
POLL_SECONDS = 3 * 60.0  # if the server has no IDLE
TICK_SECONDS = 1.0  # between two calls of stopping()


def wait_for_mail(session: Session, stopping: Callable[[], bool]) -> None:
    """Return when mail may have come; at the latest after IDLE_SECONDS. Raises Unreachable."""
    if not session.offers("IDLE"):
        end = time.monotonic() + POLL_SECONDS
        while not stopping() and time.monotonic() < end:
            time.sleep(min(TICK_SECONDS, POLL_SECONDS))
        return
    # The server may announce earlier mail in the packet of its go-ahead. idle_check waits for the
    # next packet and does not see it, but the end of a short IDLE shows it.
    for seconds in (FIRST_SECONDS, IDLE_SECONDS):
        if _has_arrived(session, seconds, stopping) or stopping():
            return


def _has_arrived(session: Session, seconds: float, stopping: Callable[[], bool]) -> bool:
    def ask(command: str, **options: Any) -> Any:
        # A session that is left in the middle of an IDLE cannot be used again.
        return session.ask("wait for mail", command, otherwise=Unreachable, **options)

    ask("idle")
    end = time.monotonic() + seconds
    has_arrived = False
    while not has_arrived and not stopping() and (left := end - time.monotonic()) > 0:
        began = time.monotonic()
        lines = ask("idle_check", timeout=min(TICK_SECONDS, left))
        has_arrived = _announces_mail(lines)
        if not lines and time.monotonic() - began < min(TICK_SECONDS, left) / 2:
            break  # imapclient hides an end of the connection; the next command shows it
    _, lines = ask("idle_done")
    return has_arrived or _announces_mail(lines)


def _announces_mail(lines: list[Any]) -> bool:
    """Whether a line says EXISTS; others are flags, expunges and "OK Still here"."""
    return any(isinstance(line, tuple) and b"EXISTS" in line for line in lines)
