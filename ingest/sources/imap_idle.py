"""Waiting for mail on an open session: IDLE (RFC 2177), or asking now and then."""

import time
from collections.abc import Callable
from typing import Any

from ingest.sources.imap_session import Session
from schemas.errors import Unreachable

__all__ = ["wait_for_mail"]

# RFC 2177: IDLE is to be given anew at least every 29 minutes. More often, because address
# translation on the way forgets a silent connection sooner, and only an answer shows that the
# server is still there.
IDLE_SECONDS = 9 * 60.0
FIRST_SECONDS = 2.0
POLL_SECONDS = 3 * 60.0  # where the server has no IDLE
TICK_SECONDS = 1.0  # how soon stopping() is heard


def wait_for_mail(session: Session, stopping: Callable[[], bool]) -> None:
    """Return when mail may have come; at the latest after IDLE_SECONDS. Raises Unreachable."""
    if not session.offers("IDLE"):
        end = time.monotonic() + POLL_SECONDS
        while not stopping() and time.monotonic() < end:
            time.sleep(min(TICK_SECONDS, POLL_SECONDS))
        return
    # What came before the IDLE may be told in one packet with the server's go-ahead, where
    # idle_check, which waits for the next packet, does not see it. A short IDLE first finds it.
    for seconds in (FIRST_SECONDS, IDLE_SECONDS):
        if _has_come(session, seconds, stopping) or stopping():
            return


def _has_come(session: Session, seconds: float, stopping: Callable[[], bool]) -> bool:
    def ask(command: str, **options: Any) -> Any:
        # A session that is left in the middle of an IDLE is of no more use.
        return session.ask("wait for mail", command, otherwise=Unreachable, **options)

    ask("idle")
    end = time.monotonic() + seconds
    has_come = False
    while not has_come and not stopping() and (left := end - time.monotonic()) > 0:
        began = time.monotonic()
        told = ask("idle_check", timeout=min(TICK_SECONDS, left))
        has_come = _tells_of_mail(told)
        if not told and time.monotonic() - began < min(TICK_SECONDS, left) / 2:
            break  # imapclient hides an end of the connection; the next command shows it
    _, told = ask("idle_done")
    return has_come or _tells_of_mail(told)


def _tells_of_mail(told: list[Any]) -> bool:
    """Other lines are flags, expunges and "OK Still here"."""
    return any(isinstance(line, tuple) and b"EXISTS" in line for line in told)
