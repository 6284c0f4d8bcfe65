"""Mail as receivers saw it, told in a few words, made into reports and read into a store."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

from schemas.domain_names import organizational_domain
from tests.support.stores.read_here import read_here

__all__ = ["LAST", "Mail", "days_back", "on_working_days", "stored"]

LAST = date(2026, 11, 19)
RECEIVERS = ("google.com", "yahoo.example", "mailbox.example")
Results = Sequence[tuple[str, str]]


def days_back(*backs: int) -> tuple[date, ...]:
    return tuple(LAST - timedelta(days=back) for back in backs)


def on_working_days(first_back: int, last_back: int = 0) -> tuple[date, ...]:
    days = days_back(*range(first_back, last_back - 1, -1))
    return tuple(day for day in days if day.weekday() < 5)


@dataclass(frozen=True)
class Mail:
    """`count` messages a day to each receiver, from each address, on each of the days.

    `dkim` are (d=, result), `spf` is (MAIL FROM domain, result); what passes and aligns (relaxed)
    follows from them. `reason` is (type, comment).
    """

    addresses: Sequence[str]
    days: Sequence[date]
    count: int = 1
    dkim: Results = ()
    spf: tuple[str, str] = ("example.com", "softfail")
    header_from: str = "example.com"
    reason: tuple[str, str] | None = None
    receivers: Sequence[str] = field(default=RECEIVERS)
    domain: str = "example.com"

    def record(self, address: str) -> str:
        dkim = any(
            result == "pass" and _aligned(name, self.header_from) for name, result in self.dkim
        )
        spf = self.spf[1] == "pass" and _aligned(self.spf[0], self.header_from)
        signatures = "".join(
            f"<dkim><domain>{escape(name)}</domain><selector>s</selector>"
            f"<result>{result}</result></dkim>"
            for name, result in self.dkim
        )
        reason = ""
        if self.reason:
            kind, comment = self.reason
            reason = f"<reason><type>{kind}</type><comment>{escape(comment)}</comment></reason>"
        return f"""<record>
<row><source_ip>{address}</source_ip><count>{self.count}</count><policy_evaluated>
<disposition>none</disposition><dkim>{_word(dkim)}</dkim><spf>{_word(spf)}</spf>{reason}
</policy_evaluated></row>
<identifiers><header_from>{escape(self.header_from)}</header_from></identifiers>
<auth_results>{signatures}<spf><domain>{escape(self.spf[0])}</domain><scope>mfrom</scope>
<result>{self.spf[1]}</result></spf></auth_results>
</record>"""


def _aligned(name: str, header_from: str) -> bool:
    return organizational_domain(name) == organizational_domain(header_from)


def _word(passes: bool) -> str:
    return "pass" if passes else "fail"


def stored(mails: Iterable[Mail], folder: Path) -> Path:
    """A store in `folder`, read in as `rua ingest` does: one report a receiver, domain and day."""
    records: dict[tuple[str, str, date], list[str]] = defaultdict(list)
    for mail in mails:
        for receiver in mail.receivers:
            for day in mail.days:
                found = [mail.record(address) for address in mail.addresses]
                records[receiver, mail.domain, day].extend(found)
    documents, store = folder / "documents", folder / "rua.duckdb"
    documents.mkdir(parents=True)
    for number, (key, found) in enumerate(sorted(records.items())):
        (documents / f"{number:05d}.xml").write_text(_report(*key, found), encoding="utf-8")
    assert read_here(store, documents).refused == 0
    return store


def _report(receiver: str, domain: str, day: date, records: Sequence[str]) -> str:
    begin = int(datetime.combine(day, time(0), UTC).timestamp())
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feedback>
<report_metadata><org_name>{receiver}</org_name><email>dmarc@{receiver}</email>
<report_id>{begin}.{domain}</report_id>
<date_range><begin>{begin}</begin><end>{begin + 86399}</end></date_range></report_metadata>
<policy_published><domain>{domain}</domain><p>none</p></policy_published>
{"".join(records)}
</feedback>
"""
