"""Report mails that lie, in every way that a stranger could send them to the address in rua.

Names of receivers that nobody knows, names of receivers that everybody knows, other people's
proofs, huge counts, mail that never was, and policies that were never published.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from ingest.demo.organisation import AUTHSERV_ID

__all__ = ["LIES", "Lie", "Record", "write_lies"]

HUGE = 5_000_000  # messages a day of mail that passes
MOST_REPORTS = 36  # in one mail
STRANGER = "198.51.100.77"


@dataclass(frozen=True, slots=True)
class Record:
    """`aligned` is both DKIM and SPF, as the domain itself."""

    address: str
    count: int
    aligned: bool
    disposition: str = "none"


@dataclass(frozen=True, slots=True)
class Lie:
    """`org_name` signs `email` below its reports; `proof` is what the trusted MX says of the mail
    that brings them, None where it says nothing."""

    org_name: str
    email: str
    proof: str | None
    p: str
    records: str  # passes, breaks or both
    each_day: int = 1

    def of(self, own: Sequence[str]) -> list[Record]:
        """The records, about a domain whose own addresses are these."""
        passing = [Record(STRANGER, HUGE, True), *(Record(each, HUGE, True) for each in own[:2])]
        breaking = [Record(each, 400, False, "reject") for each in own[:6]]
        steady = [Record("203.0.113.9", 25, False, "reject")]
        return {
            "passes": passing,
            "breaks": breaking + steady,
            "both": passing + breaking + steady,
        }[self.records]


UNKNOWN = (
    Lie("mail-reports.test", "dmarc@mail-reports.test", None, "none", "breaks"),
    Lie("Harbour Filters", "reports@filters.test", None, "reject", "breaks"),
    Lie("bigmail.test", "dmarc@bigmail.test", "dmarc=none", "reject", "passes"),
    Lie("two.bigmail.test", "x@two.bigmail.test", "dkim=pass header.d=evil.test", "none", "both"),
)
LIES: dict[str, tuple[Lie, ...]] = {
    "of strangers that nothing proves": UNKNOWN,
    "in the name of large reporters": (
        Lie("google.com", "noreply@evil.test", "dmarc=pass header.from=evil.test", "none", "both"),
        Lie("google.com", "noreply-dmarc-support@google.com", None, "none", "breaks"),
        Lie("Outlook.com", "dmarcreport@evil.test", None, "reject", "both"),
        Lie("yahoo.com", "dmarc@evil.test", None, "quarantine", "passes"),
    ),
    "that failed": (
        Lie("google.com", "a@google.com", "dmarc=fail header.from=google.com", "none", "both"),
        Lie("gmx.net", "a@gmx.net", "dmarc=fail header.from=gmx.net", "reject", "breaks"),
    ),
    "that a policy was changed": (
        Lie("policy.test", "a@policy.test", None, "none", "passes", each_day=12),
        Lie("policies.test", "a@policies.test", None, "reject", "passes", each_day=12),
    ),
}


def write_lies(folder: Path, lies: Sequence[Lie], own: dict[str, list[str]], last: date) -> int:
    """A mail for each lie and domain into the folder, with a report of each day; how many. `own`
    has the addresses of each domain that its mail really comes from."""
    folder.mkdir()
    count = 0
    for number, lie in enumerate(lies):
        for domain, addresses in own.items():
            raw = _mail(f"{number}", lie, domain, addresses, last)
            (folder / f"{count:06d}.eml").write_bytes(raw)
            count += 1
    return count


def _mail(number: str, lie: Lie, domain: str, own: Sequence[str], last: date) -> bytes:
    mail = EmailMessage(policy=SMTP)
    if lie.proof is not None:
        mail["Authentication-Results"] = f"{AUTHSERV_ID}; {lie.proof}"
    mail["From"] = lie.email
    mail["To"] = "dmarc-reports@harbour.example"
    mail["Subject"] = f"Report Domain: {domain} Submitter: {lie.org_name}"
    mail["Date"] = datetime.combine(last + timedelta(days=1), time(6), UTC)
    mail["Message-ID"] = f"<{number}@{domain}.test>"
    mail.set_content("Reports.\n")
    for back in range(MOST_REPORTS // lie.each_day):
        for part in range(lie.each_day):
            day = last - timedelta(days=back)
            data = _document(lie, domain, own, day, f"{number}.{part}").encode()
            mail.add_attachment(data, maintype="text", subtype="xml", filename=f"{back}.{part}.xml")
    return mail.as_bytes()


def _document(lie: Lie, domain: str, own: Sequence[str], day: date, number: str) -> str:
    begin = int(datetime.combine(day, time(0), UTC).timestamp())
    rows = "".join(_row(record, domain) for record in lie.of(own))
    return f"""<?xml version="1.0"?><feedback><report_metadata><org_name>{lie.org_name}</org_name>
<email>{lie.email}</email><report_id>{number}.{begin}.{domain}</report_id>
<date_range><begin>{begin}</begin><end>{begin + 86399}</end></date_range></report_metadata>
<policy_published><domain>{domain}</domain><adkim>r</adkim><aspf>r</aspf><p>{lie.p}</p>
<sp>{lie.p}</sp><pct>100</pct></policy_published>{rows}</feedback>"""


def _row(record: Record, domain: str) -> str:
    word = "pass" if record.aligned else "fail"
    return f"""<record><row><source_ip>{record.address}</source_ip><count>{record.count}</count>
<policy_evaluated><disposition>{record.disposition}</disposition><dkim>{word}</dkim>
<spf>{word}</spf></policy_evaluated></row><identifiers><header_from>{domain}</header_from>
</identifiers><auth_results><dkim><domain>{domain}</domain><selector>s</selector>
<result>{word}</result></dkim><spf><domain>{domain}</domain><scope>mfrom</scope>
<result>{word}</result></spf></auth_results></record>"""
