"""A store made by hand: reports, records and proofs written out, so that every sum can be, too.

Every report is a mail of its own, which arrived at three in the morning after its day; where it is
`verified`, our own mail server says that its reporter's DMARC passed. Reports are written for
DOMAIN; `moved` makes them about another domain, so that one store may hold many cases.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from ingest.model.proof import Trust
from tests.support.stores.read_here import read_here

__all__ = ["DOMAIN", "LAST", "Auth", "Record", "Report", "ago", "daily", "moved", "stored"]

DOMAIN = "example.com"
LAST = date(2026, 11, 19)  # a Thursday
AUTHSERV_ID = "mx.example.net"
Auth = tuple[str, str]  # domain, result


def ago(days: int) -> date:
    """The day so many days before the last one."""
    return LAST - timedelta(days=days)


@dataclass(frozen=True)
class Record:
    """`count` messages alike. `dkim` and `spf` are the aligned results, as the reporter saw them;
    `signatures` and `envelope` what they rest on."""

    address: str
    count: int = 1
    dkim: str = "pass"
    spf: str = "pass"
    signatures: Sequence[Auth] | None = None
    envelope: Auth | None = None
    header_from: str = DOMAIN
    disposition: str = "none"
    reasons: Sequence[tuple[str, str]] = ()

    def xml(self) -> str:
        signatures = [(DOMAIN, self.dkim)] if self.signatures is None else self.signatures
        signed = "".join(
            f"<dkim><domain>{name}</domain><selector>s1</selector><result>{result}</result></dkim>"
            for name, result in signatures
        )
        sender, result = self.envelope or (DOMAIN, self.spf)
        reasons = "".join(
            f"<reason><type>{kind}</type><comment>{text}</comment></reason>"
            for kind, text in self.reasons
        )
        return f"""<record><row><source_ip>{self.address}</source_ip><count>{self.count}</count>
<policy_evaluated><disposition>{self.disposition}</disposition><dkim>{self.dkim}</dkim>
<spf>{self.spf}</spf>{reasons}</policy_evaluated></row>
<identifiers><header_from>{self.header_from}</header_from></identifiers>
<auth_results>{signed}<spf><domain>{sender}</domain><scope>mfrom</scope>
<result>{result}</result></spf></auth_results></record>"""


@dataclass(frozen=True)
class Report:
    """One reporter's report on one day of a domain."""

    day: date
    reporter: str
    records: Sequence[Record]
    tags: Mapping[str, str] = field(default_factory=lambda: {"p": "none"})
    verified: bool = True
    domain: str = DOMAIN
    number: int = 0

    def xml(self) -> str:
        begin = int(datetime.combine(self.day, time(0), UTC).timestamp())
        policy = "".join(f"<{tag}>{value}</{tag}>" for tag, value in self.tags.items())
        return f"""<feedback><report_metadata><org_name>{self.reporter}</org_name>
<email>dmarc@{self.reporter}</email><report_id>{begin}.{self.number}.{self.domain}</report_id>
<date_range><begin>{begin}</begin><end>{begin + 86399}</end></date_range></report_metadata>
<policy_published><domain>{self.domain}</domain>{policy}</policy_published>
{"".join(record.xml() for record in self.records).replace(DOMAIN, self.domain)}</feedback>"""

    def arrived(self) -> datetime:
        return datetime.combine(self.day + timedelta(days=1), time(3), UTC)

    def mail(self) -> bytes:
        mail = EmailMessage(policy=SMTP)
        if self.verified:
            said = f"dmarc=pass header.from={self.reporter}"
            mail["Authentication-Results"] = f"{AUTHSERV_ID}; {said}"
        mail["From"] = f"dmarc@{self.reporter}"
        mail["Date"] = self.arrived()
        mail["Subject"] = "Report"
        mail.add_attachment(self.xml().encode(), "text", "xml", filename="report.xml")
        return mail.as_bytes()


def daily(days: Iterable[int], reporter: str, *records: Record, **more: Any) -> list[Report]:
    """The same report on each of these days before the last one."""
    return [Report(ago(each), reporter, records, **more) for each in days]


def moved(reports: Iterable[Report], domain: str) -> list[Report]:
    """The same reports about another domain: where they name DOMAIN, they name that."""
    return [replace(each, domain=domain) for each in reports]


def stored(reports: Iterable[Report], folder: Path) -> Path:
    """folder/rua.duckdb with these reports. Reports of one reporter, domain and day are joined:
    receivers send one a day."""
    mails, store = folder / "mails", folder / "rua.duckdb"
    mails.mkdir(parents=True)
    for number, report in enumerate(_joined(reports)):
        path = mails / f"{number:05d}.eml"
        path.write_bytes(report.mail())
        os.utime(path, (report.arrived().timestamp(),) * 2)
    counts = read_here(store, mails, trust=Trust(AUTHSERV_ID))
    assert (counts.refused, counts.conflict, counts.duplicate) == (0, 0, 0)
    return store


def _joined(reports: Iterable[Report]) -> list[Report]:
    found: dict[tuple[object, ...], Report] = {}
    for each in reports:
        key = (
            each.day,
            each.reporter,
            each.domain,
            tuple(each.tags.items()),
            each.verified,
            each.number,
        )
        records = [*found[key].records, *each.records] if key in found else each.records
        found[key] = Report(
            each.day, each.reporter, records, each.tags, each.verified, each.domain, each.number
        )
    return list(found.values())
