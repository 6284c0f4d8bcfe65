"""A store with sources, and what reverse DNS said of them; for tests of reverse_dns.py."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from ingest.load.writer import Writer
from ingest.model.run import Run
from ingest.model.source import Arrival
from ingest.run.reverse_dns import name_sources
from ingest.workers.read import read_batch
from schemas.config.settings import Dns
from schemas.store.store import Store
from tests.support.moments import utc
from tests.support.process.rua_command import rows

__all__ = ["Sources", "lookups", "report"]

DAY = date(2026, 5, 4)


def report(addresses: Mapping[str, int], name: str = "r", *, day: date = DAY) -> str:
    """A DMARC report of {source address: messages}."""
    begin = int(datetime.combine(day, time(0), UTC).timestamp())
    records = "".join(
        f"""<record><row><source_ip>{address}</source_ip><count>{count}</count><policy_evaluated>
        <disposition>none</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row>
        <identifiers><header_from>example.com</header_from></identifiers></record>"""
        for address, count in addresses.items()
    )
    return f"""<feedback><report_metadata><org_name>receiver.example</org_name>
    <email>dmarc@receiver.example</email><report_id>{name}</report_id><date_range>
    <begin>{begin}</begin><end>{begin + 86399}</end></date_range></report_metadata>
    <policy_published><domain>example.com</domain><p>none</p></policy_published>{records}
    </feedback>"""


def lookups(store: Path) -> dict[str, tuple[str, str | None, bool]]:
    """{address: (outcome, name, confirmed)}"""
    asked = "select source_ip, outcome, name, confirmed from ptr_lookup"
    found = rows(store, asked)
    kept = {address: (outcome, name, confirmed) for address, outcome, name, confirmed in found}
    assert len(kept) == len(found)  # one row an address
    return kept


class Sources:
    """A store in a folder, filled offline, and the moment at which its names are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "rua.duckdb"
        self.said: list[str] = []
        self.now = utc(2026, 5, 6)

    def met(self, *addresses: str, name: str = "r", day: date = DAY, count: int = 1) -> None:
        """Read a report in which they are."""
        data = report(dict.fromkeys(addresses, count), name, day=day).encode()
        batch = read_batch([Arrival(f"{name}.xml", data, is_mail=False)])
        counts = Writer(Store(self.store)).write(batch, Run("files", self.now), None)
        assert counts.records == len(addresses)

    def ask(
        self,
        *nameservers: str,
        days: float = 0,
        timeout: float = 2,
        stopping: Callable[[], bool] = lambda: False,
    ) -> dict[str, tuple[str, str | None, bool]]:
        """Ask, so many days later; what is known then."""
        self.now += timedelta(days=days)
        store, dns = Store(self.store), Dns(nameservers=nameservers, timeout=timeout)
        name_sources(store, Writer(store), dns, self.said.append, now=self.now, stopping=stopping)
        return lookups(self.store)
