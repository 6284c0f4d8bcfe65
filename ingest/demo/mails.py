"""The mails that carry reports, as each reporter builds them, and the other mail of a real mailbox.

No mail has a DKIM-Signature: it could not verify against the vendors' real keys, and rua's own
check would call the whole demo forged. The results of the organisation's own MX are in
Authentication-Results (RFC 8601).
"""

import base64
import random
import textwrap
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from ingest.demo.containers import gzipped, zipped
from ingest.demo.documents import Report, write_aggregate
from ingest.demo.organisation import AUTHSERV_ID, REPORT_ADDRESS
from ingest.demo.tls_documents import TlsReport

__all__ = [
    "Mail",
    "again",
    "aggregate_mail",
    "broken_mail",
    "ordinary_mail",
    "placeholder_mail",
    "tls_mail",
]

GARBAGE = b"\r\n\r\n"  # what Mimecast leaves behind the gzip trailer (D30)


@dataclass(frozen=True, slots=True)
class Mail:
    """One message: its bytes, lines ending in CRLF, its arrival, and what the truth says of it."""

    arrived: datetime
    data: bytes
    truth: dict[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> tuple[datetime, bytes]:
        """The order of the mailbox: by arrival."""
        return self.arrived, self.data


@dataclass(frozen=True, slots=True)
class Sender:
    """Who hands a mail in at the organisation's MX; `signs` is "" when the mail is unsigned."""

    address: str
    signs: str
    relay: str
    relay_name: str

    @property
    def domain(self) -> str:
        """The domain of From."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Part:
    """A report ready to be carried: file name, media type, bytes."""

    name: str
    media_type: str
    data: bytes


def aggregate_mail(report: Report, arrived: datetime, rng: random.Random) -> Mail:
    """The mail of one aggregate report."""
    reporter = report.reporter
    part = _contained(report)
    text = f"This is an aggregate report from {reporter.org_name}."
    structure = _structure(reporter.mime, part, text, rng)
    data = _message(_sender(report), _subject(report), arrived, structure, rng)
    return Mail(arrived, data, _report_truth(report))


def _sender(report: Report) -> Sender:
    who = report.reporter
    return Sender(who.sender or who.email, who.signs, who.relay, who.relay_name)


def _subject(report: Report) -> str:
    who = report.reporter
    subject = who.subject.format(domain=report.domain, submitter=who.submitter, id=report.report_id)
    if who.mime != "one-line":
        return subject
    # Microsoft sends it as one encoded word, longer than the 75 characters of RFC 2047 §2.
    return f"=?utf-8?B?{base64.b64encode(subject.encode()).decode('ascii')}?="


def _report_truth(report: Report) -> dict[str, Any]:
    return {
        "kind": "report",
        "reporter": report.reporter.org_name,
        "policy_domain": report.domain,
        "report_id": report.report_id,
        "begin": report.begin,
        "end": report.end,
        "documents": 1,
        "records": len(report.rows),
        "messages": sum(row.count for row in report.rows),
    }


def tls_mail(report: TlsReport, arrived: datetime, rng: random.Random) -> Mail:
    """The mail of one TLS report: multipart/report (RFC 8460 §5.3)."""
    reporter = report.reporter
    part = Part(f"{report.file_name}.json.gz", "application/tlsrpt+gzip", gzipped(report.body))
    subject = (
        f"Report Domain: {report.domain} Submitter: {reporter.submitter} "
        f"Report-ID: <{report.report_id}>"
    )
    sender = Sender(reporter.contact, reporter.signs, reporter.relay, reporter.relay_name)
    text = f"This is an aggregate TLS report from {reporter.submitter}"
    structure = [
        f"TLS-Report-Domain: {report.domain}",
        f"TLS-Report-Submitter: {reporter.submitter}",
        *_multipart('report; report-type="tlsrpt"', part, text, rng),
    ]
    truth = {
        "kind": "tls",
        "reporter": reporter.organization,
        "policy_domain": report.domain,
        "report_id": report.report_id,
        "begin": report.begin,
        "end": report.end,
        "documents": 1,
        "records": 0,
        "messages": 0,
        "successful": report.successful,
        "failed": report.failed,
    }
    return Mail(arrived, _message(sender, subject, arrived, structure, rng), truth)


def again(mail: Mail, report: Report, later: timedelta, rng: random.Random) -> Mail:
    """The same report mailed once more, as a reporter does that was not sure (RFC 9990 §3.5.1)."""
    second = aggregate_mail(report, mail.arrived + later, rng)
    return Mail(second.arrived, second.data, {**second.truth, "kind": "duplicate"})


def broken_mail(mail: Mail, report: Report, earlier: timedelta, rng: random.Random) -> Mail:
    """A first try that was cut off in transit; the whole report follows it."""
    whole = _contained(report)
    part = Part(whole.name, whole.media_type, whole.data[: len(whole.data) * 3 // 5])
    return _odd_mail(report, part, mail.arrived - earlier, "broken", rng)


def placeholder_mail(mail: Mail, report: Report, earlier: timedelta, rng: random.Random) -> Mail:
    """A mail whose attachment says `unused` (D29)."""
    part = Part(f"{report.file_name}.xml", "text/xml", b"unused")
    return _odd_mail(report, part, mail.arrived - earlier, "placeholder", rng)


def _odd_mail(report: Report, part: Part, arrived: datetime, kind: str, rng: random.Random) -> Mail:
    structure = _structure("whole", part, "", rng)
    data = _message(_sender(report), _subject(report), arrived, structure, rng)
    empty = {"documents": int(kind == "broken"), "records": 0, "messages": 0}
    return Mail(arrived, data, {**_report_truth(report), **empty, "kind": kind})


def _contained(report: Report) -> Part:
    """The document in its reporter's container, under the file name of RFC 7489 §7.2.1.1."""
    document, name = write_aggregate(report), report.file_name
    match report.reporter.container:
        case "zip":
            data = zipped(document, f"{name}.xml", report.end)
            return Part(f"{name}.zip", "application/zip", data)
        case "xml":
            return Part(f"{name}.xml", "text/xml", document)
        case "gzip-garbage":
            return Part(f"{name}.xml.gz", "application/gzip", gzipped(document) + GARBAGE)
        case _:
            data = gzipped(document, f"{name}.xml", report.end)
            return Part(f"{name}.xml.gz", "application/gzip", data)


def _structure(mime: str, part: Part, text: str, rng: random.Random) -> list[str]:
    """The MIME headers and the body, in lines, as the reporter builds them."""
    match mime:
        case "whole":  # D34: the report is the whole body
            return [
                f'Content-Type: {part.media_type}; name="{part.name}"',
                f'Content-Disposition: attachment; filename="{part.name}"',
                *_encoded(part.data, 76),
            ]
        case "one-line":  # D35: beyond the 998 characters of RFC 5322 §2.1.1
            return _multipart("mixed", part, text, rng, width=0)
        case "inline":  # D33
            return _multipart("mixed", part, text, rng, disposition="inline")
        case "typo":
            lines = _multipart("mixed", part, text, rng)
            wrong = f"Content-Type: {part.media_type}"
            return [line.replace(wrong, f"ContentType: {part.media_type}") for line in lines]
        case _:
            return _multipart("mixed", part, text, rng)


def _multipart(
    subtype: str,
    part: Part,
    text: str,
    rng: random.Random,
    *,
    disposition: str = "attachment",
    width: int = 76,
) -> list[str]:
    boundary = f"=_{rng.getrandbits(96):024x}"
    return [
        f'Content-Type: multipart/{subtype}; boundary="{boundary}"',
        "",
        "This is a multi-part message in MIME format.",
        f"--{boundary}",
        'Content-Type: text/plain; charset="utf-8"',
        "Content-Transfer-Encoding: 7bit",
        "",
        text,
        f"--{boundary}",
        f'Content-Type: {part.media_type}; name="{part.name}"',
        f'Content-Disposition: {disposition}; filename="{part.name}"',
        *_encoded(part.data, width),
        f"--{boundary}--",
    ]


def _encoded(data: bytes, width: int) -> list[str]:
    """The end of a part's headers and its content, in lines of `width`; 0 is one line."""
    text = base64.b64encode(data).decode("ascii")
    lines = textwrap.wrap(text, width) if width else [text]
    return ["Content-Transfer-Encoding: base64", "", *lines]


def _message(
    sender: Sender, subject: str, arrived: datetime, structure: list[str], rng: random.Random
) -> bytes:
    """The whole message; `structure` is the MIME headers, an empty line and the body."""
    sent = arrived - timedelta(seconds=rng.randrange(2, 40))
    message_id = f"<{rng.getrandbits(64):016x}.{int(sent.timestamp())}@{sender.domain}>"
    queue_id = f"{rng.getrandbits(40):010X}"
    headers = [
        f"Return-Path: <{sender.address}>",
        f"Authentication-Results: {AUTHSERV_ID};{_authentication(sender)}",
        f"Received: from {sender.relay_name} ({sender.relay_name} [{sender.relay}])",
        f"\tby {AUTHSERV_ID} (Postfix) with ESMTPS id {queue_id}",
        f"\tfor <{REPORT_ADDRESS}>; {format_datetime(arrived)}",
        f"Date: {format_datetime(sent)}",
        f"Message-ID: {message_id}",
        f"From: {sender.address}",
        f"To: {REPORT_ADDRESS}",
        f"Subject: {subject}",
        "MIME-Version: 1.0",
    ]
    return "".join(f"{line}\r\n" for line in (*headers, *structure)).encode("ascii")


def _authentication(sender: Sender) -> str:
    """What the MX found; an unsigned mail from a host without SPF is neither pass nor fail."""
    if not sender.signs:
        return (
            " dkim=none;"
            f"\r\n\tspf=none smtp.mailfrom={sender.domain};"
            f"\r\n\tdmarc=none header.from={sender.domain}"
        )
    return (
        f" dkim=pass header.d={sender.signs};"
        f"\r\n\tspf=pass smtp.mailfrom={sender.domain};"
        f"\r\n\tdmarc=pass (p=reject) header.from={sender.domain}"
    )


# (days back from the end, hour, address, subject, text) of mail that is no report.
ORDINARY: tuple[tuple[int, int, str, str, str], ...] = (
    (
        1,
        9,
        "auto-reply@kite-coop.example",
        "Automatic reply: your report request",
        "I am out of the office until Monday and read no mail.",
    ),
    (
        2,
        14,
        "m.okafor@quayside.example",
        "Why did our newsletter go to spam?",
        "Hello, a customer says that our last newsletter landed in spam.\nCould you look? Mary",
    ),
    (
        4,
        7,
        "digest@postmaster-weekly.example",
        "Postmaster Weekly 46: what the new RFCs change",
        "This week: t instead of pct, and why np deserves your attention.",
    ),
    (
        19,
        16,
        "helpdesk@guild.example",
        "Report Domain: what is this mailbox for?",
        "We found this address in our DNS. Is it still read?",
    ),
    (
        32,
        7,
        "digest@postmaster-weekly.example",
        "Postmaster Weekly 42",
        "This week: mailing lists and p=reject.",
    ),
    (
        61,
        11,
        "t.lindqvist@copperline.example",
        "Going to reject",
        "We agreed to publish p=reject today. Please watch the reports.",
    ),
)


def ordinary_mail(index: int, until: datetime, rng: random.Random) -> Mail:
    """The mail of one entry of ORDINARY; `until` is midnight at the start of the last day."""
    back, hour, address, subject, text = ORDINARY[index]
    arrived = until - timedelta(days=back) + timedelta(hours=hour, minutes=rng.randrange(60))
    domain = address.rpartition("@")[2]
    sender = Sender(address, domain, "198.51.100.25", f"mail.{domain}")
    structure = ['Content-Type: text/plain; charset="utf-8"', "", *text.split("\n")]
    truth = {"kind": "ordinary", "documents": 0, "records": 0, "messages": 0}
    return Mail(arrived, _message(sender, subject, arrived, structure, rng), truth)
