"""Small DMARC reports, one source each, for tests that need few and particular ones."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from xml.sax.saxutils import escape

from tests.support.stores.read_here import read_here

__all__ = ["Report", "store_of"]


@dataclass(frozen=True)
class Report:
    """One report of one day: `count` messages of one address, aligned or not."""

    day: date
    domain: str = "example.com"
    reporter: str = "receiver.example"
    source_ip: str = "192.0.2.1"
    count: int = 1
    aligned: bool = True

    def xml(self) -> str:
        begin = int(datetime.combine(self.day, time(0), UTC).timestamp())
        result = "pass" if self.aligned else "fail"
        org, domain = escape(self.reporter), escape(self.domain)
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<feedback>
  <report_metadata>
    <org_name>{org}</org_name><email>dmarc@receiver.example</email>
    <report_id>{begin}.{self.source_ip}.{result}.{domain}</report_id>
    <date_range><begin>{begin}</begin><end>{begin + 86399}</end></date_range>
  </report_metadata>
  <policy_published><domain>{domain}</domain><p>none</p></policy_published>
  <record>
    <row>
      <source_ip>{self.source_ip}</source_ip><count>{self.count}</count>
      <policy_evaluated>
        <disposition>none</disposition><dkim>{result}</dkim><spf>fail</spf>
      </policy_evaluated>
    </row>
    <identifiers><header_from>{domain}</header_from></identifiers>
    <auth_results>
      <dkim><domain>{domain}</domain><selector>s</selector><result>{result}</result></dkim>
    </auth_results>
  </record>
</feedback>
"""

    def write(self, path: Path) -> None:
        """As a file of the moment at which its period ends: an answer as of its day counts it, on
        whatever day the test runs."""
        path.write_text(self.xml(), encoding="utf-8")
        arrived = datetime.combine(self.day, time(0), UTC).timestamp() + 86399
        os.utime(path, (arrived, arrived))


def store_of(reports: Iterable[Report], folder: Path) -> Path:
    """A store in `folder` that holds the reports, read in as `rua ingest` does."""
    documents, store = folder / "documents", folder / "rua.duckdb"
    documents.mkdir(parents=True)
    for number, report in enumerate(reports):
        report.write(documents / f"{number:05d}.xml")
    assert read_here(store, documents).refused == 0
    return store
