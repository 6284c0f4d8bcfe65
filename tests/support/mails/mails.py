"""Small mails made by hand, each with what is true of it: what a report mailbox really holds."""

import base64
import gzip
import hashlib
import io
import json
import random
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

__all__ = [
    "Letter",
    "make_broken_mail",
    "make_docx_mail",
    "make_failure_report",
    "make_newsletter",
    "make_ordinary_mail",
    "make_placeholder",
    "make_report_mail",
    "make_tls_mail",
    "records_in",
]

FIRST_DAY = datetime(2026, 5, 1, tzinfo=UTC)
HEADLINES = "From: <{sender}>\r\nTo: <dmarc@example.com>\r\n"


@dataclass(frozen=True, slots=True)
class Letter:
    """A raw mail; `document` is what it carries, as bytes, or b"".

    `kind` is dmarc, tls, broken (a report cut off), ignored (placeholder, failure report) or
    ordinary.
    """

    raw: bytes
    kind: str
    message_id: str
    document: bytes = b""
    records: int = 0
    messages: int = 0

    @property
    def is_report(self) -> bool:
        """Whether rua is to move it: a report, or one that came broken."""
        return self.kind in ("dmarc", "tls", "broken")

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.document).hexdigest()


def make_report_mail(number: int, *, container: str = "gzip", padding: int = 0) -> Letter:
    """The aggregate report `number`: (number % 3) + 1 records of number + 1 messages each.

    `container` is gzip, zip or xml; `padding` so many bytes that do not compress.
    """
    records = number % 3 + 1
    document = _aggregate(number, records, padding)
    name = f"reporter.example.net!example.com!{number}.xml"
    attachment = {
        "gzip": (gzip.compress(document, 1, mtime=0), "application", "gzip", f"{name}.gz"),
        "zip": (_zipped({name: document}), "application", "zip", f"{name}.zip"),
        "xml": (document, "text", "xml", name),
    }[container]
    mail = _mail("dmarc", number, f"Report Domain: example.com Report-ID: <{number}>")
    _attach(mail, *attachment)
    return _letter(mail, "dmarc", document, records, records * (number + 1))


def make_tls_mail(number: int) -> Letter:
    """The SMTP TLS report `number`."""
    begin = FIRST_DAY + timedelta(days=number % 30)
    report = {
        "organization-name": "Reporter Example",
        "contact-info": "tls@reporter.example.net",
        "report-id": f"tls-{number}",
        "date-range": {
            "start-datetime": begin.strftime("%Y-%m-%dT00:00:00Z"),
            "end-datetime": begin.strftime("%Y-%m-%dT23:59:59Z"),
        },
        "policies": [
            {
                "policy": {"policy-type": "no-policy-found", "policy-domain": "example.com"},
                "summary": {
                    "total-successful-session-count": number,
                    "total-failure-session-count": 0,
                },
            }
        ],
    }
    document = json.dumps(report).encode()
    mail = _mail("tls", number, f"Report Domain: example.com Report-ID: <tls-{number}>")
    mail["TLS-Report-Domain"] = "example.com"
    _attach(mail, gzip.compress(document, mtime=0), "application", "tlsrpt+gzip", "report.json.gz")
    return _letter(mail, "tls", document)


def make_broken_mail(number: int) -> Letter:
    """A report whose gzip was cut off on the way."""
    whole = gzip.compress(_aggregate(number, 3, 900), 1, mtime=0)
    cut = whole[: len(whole) * 3 // 5]
    mail = _mail("broken", number, f"Report Domain: example.com Report-ID: <{number}>")
    _attach(mail, cut, "application", "gzip", "reporter.example.net!example.com.xml.gz")
    return _letter(mail, "broken", cut)


def make_ordinary_mail(number: int) -> Letter:
    """What people write to the address of the reports."""
    mail = _mail("person", number, "Report Domain: what is this mailbox for?")
    mail.set_content("We found this address in our DNS. Is it still read? <xml>no</xml>\n")
    return _letter(mail, "ordinary")


def make_newsletter(number: int) -> Letter:
    """HTML that is no XML, with a tracking pixel and an inline image."""
    mail = _mail("digest", number, "Postmaster Weekly")
    mail.set_content("Read this in your browser.\n")
    mail.add_alternative(
        '<html><body><p>p=reject &nbsp; now<br><img src="cid:pixel"></body></html>', subtype="html"
    )
    pixel = base64.b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")
    _attach(mail, pixel, "image", "gif", "pixel.gif")
    return _letter(mail, "ordinary")


def make_docx_mail(number: int) -> Letter:
    """An office document is a zip of XML files, too."""
    parts = {
        "[Content_Types].xml": b'<?xml version="1.0"?><Types xmlns="http://example.org/ct"/>',
        "word/document.xml": b'<?xml version="1.0"?><w:document xmlns:w="http://example.org/w"/>',
    }
    mail = _mail("minutes", number, "Minutes of the meeting")
    _attach(mail, _zipped(parts), "application", "octet-stream", "minutes.docx")
    return _letter(mail, "ordinary")


def make_placeholder(number: int) -> Letter:
    """A mail whose attachment says `unused`."""
    mail = _mail("placeholder", number, "Report Domain: example.com")
    _attach(mail, b"unused", "text", "xml", "reporter.example.net!example.com.xml")
    return _letter(mail, "ignored")


def make_failure_report(number: int) -> Letter:
    """A failure report (RFC 9991); it quotes a mail that carries an aggregate report."""
    quoted = make_report_mail(number).raw
    feedback = b"Feedback-Type: auth-failure\r\nUser-Agent: test/1\r\nVersion: 1\r\n\r\n"
    sender, message_id = "failures@reporter.example.net", f"<failure-{number}@example.net>"
    head = HEADLINES.format(sender=sender) + (
        f"Message-ID: {message_id}\r\nSubject: FW: failed\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type="feedback-report"; boundary="b"\r\n\r\n'
    )
    parts = (
        b"Content-Type: text/plain\r\n\r\nA mail failed.\r\n",
        b"Content-Type: message/feedback-report\r\n\r\n" + feedback,
        b"Content-Type: message/rfc822\r\n\r\n" + quoted,
    )
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"
    return Letter(head.encode() + body, "ignored", message_id)


def records_in(letters: Sequence[Letter]) -> tuple[int, int]:
    """(records, messages) of all aggregate reports."""
    reports = [letter for letter in letters if letter.kind == "dmarc"]
    return sum(each.records for each in reports), sum(each.messages for each in reports)


def _aggregate(number: int, records: int, padding: int) -> bytes:
    begin = int((FIRST_DAY + timedelta(days=number % 30)).timestamp())
    noise = base64.b64encode(random.Random(number).randbytes(padding * 3 // 4)).decode()
    rows = "".join(_record(number, row) for row in range(records))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feedback><report_metadata>'
        "<org_name>Reporter Example</org_name><email>dmarc@reporter.example.net</email>"
        f"<extra_contact_info>{noise}</extra_contact_info><report_id>r-{number}</report_id>"
        f"<date_range><begin>{begin}</begin><end>{begin + 86399}</end></date_range>"
        "</report_metadata><policy_published><domain>example.com</domain>"
        "<adkim>r</adkim><aspf>r</aspf><p>none</p><sp>none</sp><pct>100</pct>"
        f"</policy_published>{rows}</feedback>\n"
    ).encode()


def _record(number: int, row: int) -> str:
    return (
        f"<record><row><source_ip>198.51.100.{row + 1}</source_ip><count>{number + 1}</count>"
        "<policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf>"
        "</policy_evaluated></row><identifiers><header_from>example.com</header_from>"
        "</identifiers><auth_results><dkim><domain>example.com</domain><selector>s1</selector>"
        "<result>pass</result></dkim><spf><domain>example.org</domain><result>pass</result></spf>"
        "</auth_results></record>"
    )


def _mail(who: str, number: int, subject: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"{who}@reporter.example.net"
    mail["To"] = "dmarc@example.com"
    mail["Subject"] = subject
    # The day after the one that a report with this number covers.
    mail["Date"] = FIRST_DAY + timedelta(days=number % 30 + 1, minutes=number)
    mail["Message-ID"] = f"<{who}-{number}@example.net>"
    return mail


def _attach(mail: EmailMessage, data: bytes, kind: str, subtype: str, name: str) -> None:
    if mail.get_content_maintype() != "multipart" and mail.get("Content-Type") is None:
        mail.set_content("See the attachment.\n")
    mail.add_attachment(data, maintype=kind, subtype=subtype, filename=name)


def _zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def _letter(
    mail: EmailMessage, kind: str, document: bytes = b"", records: int = 0, messages: int = 0
) -> Letter:
    return Letter(mail.as_bytes(), kind, str(mail["Message-ID"]), document, records, messages)
