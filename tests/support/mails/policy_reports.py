"""Reports on what policy their reporters saw, and nothing else worth telling, read into a store."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path

from tests.support.stores.read_here import read_here

__all__ = ["Seen", "stored_policies"]

NAMESPACE = ' xmlns="urn:ietf:params:xml:ns:dmarc-2.0"'


@dataclass(frozen=True)
class Seen:
    """One report of one day: the `tags` of the policy as it has them, in either dialect."""

    domain: str
    day: date
    reporter: str
    tags: Mapping[str, str] = field(default_factory=dict)
    is_new_dialect: bool = False

    def xml(self) -> str:
        begin = int(datetime.combine(self.day, time(0), UTC).timestamp())
        names = {"t": "testing"}
        policy = "".join(
            f"<{names.get(tag, tag)}>{value}</{names.get(tag, tag)}>"
            for tag, value in self.tags.items()
        )
        return f"""<feedback{NAMESPACE if self.is_new_dialect else ""}><report_metadata>
<org_name>{self.reporter}</org_name><email>d@receiver.example</email>
<report_id>{begin}.{self.domain}</report_id>
<date_range><begin>{begin}</begin><end>{begin + 86399}</end></date_range></report_metadata>
<policy_published><domain>{self.domain}</domain>{policy}</policy_published>
<record><row><source_ip>192.0.2.1</source_ip><count>1</count><policy_evaluated>
<disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>{self.domain}</header_from></identifiers>
<auth_results><dkim><domain>{self.domain}</domain><selector>s</selector><result>pass</result></dkim>
</auth_results></record></feedback>
"""


def stored_policies(reports: Iterable[Seen], folder: Path) -> Path:
    """folder/rua.duckdb with these reports, each a file of the day after its own."""
    (folder / "reports").mkdir(parents=True)
    for number, report in enumerate(reports):
        path = folder / "reports" / f"{number}.xml"
        path.write_text(report.xml(), encoding="utf-8")
        arrived = datetime.combine(report.day, time(3), UTC).timestamp() + 86400
        os.utime(path, (arrived, arrived))
    assert read_here(folder / "rua.duckdb", folder / "reports").refused == 0
    return folder / "rua.duckdb"
