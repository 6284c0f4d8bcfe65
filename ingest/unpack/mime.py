"""The MIME parts of a mail, by the parser of the standard library with limits of our own.

The parser is lenient, as reports need it (D35). Without limits its time grows with lines times
nested multiparts and with the square of a long parameter list, and its depth with the nesting.
"""

import email.feedparser
import email.message
import email.policy
from collections.abc import Iterator
from functools import partial
from typing import Any

from ingest.model.limits import FIELD_CHARACTERS, HEADER_FIELDS, LINES, MIME_WORK, PARTS
from schemas.errors import LimitExceeded

__all__ = ["Message", "parse_message", "part_bytes", "part_name", "report_parts"]

CHUNK = 64 * 1024
ENCODED = ("base64", "quoted-printable")


class Message(email.message.Message):
    """A part that counts parts, header fields and multiparts against a budget while parsed."""

    def __init__(self, policy: Any = email.policy.compat32, *, budget: dict[str, int]) -> None:
        super().__init__(policy)
        self._budget = budget
        self._spend("parts", f"more than {PARTS} MIME parts")

    def set_raw(self, name: str, value: str) -> None:
        """The parser hands over each header field here."""
        self._spend("fields", f"more than {HEADER_FIELDS} header fields")
        super().set_raw(name, value[:FIELD_CHARACTERS])

    def get_boundary(self, failobj: Any = None) -> Any:
        """The parser asks once for each multipart, before it reads the parts."""
        self._spend("multiparts", f"more than {MIME_WORK} lines times nested MIME parts")
        return super().get_boundary(failobj)

    def _spend(self, what: str, reason: str) -> None:
        self._budget[what] -= 1
        if self._budget[what] < 0:
            raise LimitExceeded(reason)


def parse_message(raw: bytes) -> Message:
    """Raises LimitExceeded, and for no bytes anything else."""
    lines = raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")
    if lines > LINES:
        raise LimitExceeded(f"a mail of more than {LINES} lines")
    budget = {
        "parts": PARTS + 1,  # the parser makes one more as a trial
        "fields": HEADER_FIELDS,
        "multiparts": MIME_WORK // (lines + 1),
    }
    part: Any = partial(Message, budget=budget)
    try:
        # In pieces: a whole text would be copied at four bytes a character.
        parser = email.feedparser.BytesFeedParser(part, policy=email.policy.compat32)
        for start in range(0, len(raw), CHUNK):
            parser.feed(raw[start : start + CHUNK])
        parsed: Any = parser.close()
    except RecursionError:
        raise LimitExceeded("MIME parts nested too deeply") from None
    message: Message = parsed
    return message


def report_parts(message: Message) -> Iterator[Message | None]:
    """Each part that may hold a document; None instead of a failure report and all it quotes."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inner = part.get_payload() if part.is_multipart() else []
        parts = [each for each in inner if isinstance(each, Message)]
        if _is_failure_report(part, parts):
            yield None
        elif parts and not _is_encoded(part):
            waiting += reversed(parts)
        else:
            yield part


def _is_failure_report(part: Message, inner: list[Message]) -> bool:
    """RFC 9991: by a machine-readable part, or by the type that announces it (Exim)."""
    kinds = (part.get_content_type(), *(each.get_content_type() for each in inner))
    return "message/feedback-report" in kinds or (
        kinds[0] == "multipart/report" and part.get_param("report-type") == "feedback-report"
    )


def _is_encoded(part: Message) -> bool:
    """An attached message in base64, which RFC 2046 §5.2.1 forbids and gateways send."""
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    return part.get_content_maintype() == "message" and encoding in ENCODED


def part_bytes(part: Message) -> bytes:
    """The content of the part, decoded from its transfer encoding."""
    inner = part.get_payload()
    if isinstance(inner, list):
        return b"".join(each.as_bytes() for each in inner[:1] if isinstance(each, Message))
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def part_name(part: Message) -> str:
    """The file name that the part gives itself, untrusted, or ""."""
    try:
        name = part.get_filename() or ""
    except (LookupError, ValueError, TypeError):  # an unknown charset or RFC 2231 form
        return ""
    return name.encode("utf-8", "replace").decode()
