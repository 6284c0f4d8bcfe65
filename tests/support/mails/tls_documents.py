"""Small SMTP TLS reports for tests that need few and particular ones."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from tests.support.stores.read_here import read_here

__all__ = ["Said", "policy", "store_of"]

Entry = Mapping[str, Any]


def policy(
    successful: object = 10,
    failed: object = 0,
    *failures: Entry,
    domain: str | None = "example.com",
    kind: str | None = "sts",
    mode: str | None = None,
) -> Entry:
    """One entry of `policies`; a failure is its keys, `result-type` and so on."""
    strings = ["version: STSv1", f"mode: {mode}", "mx: mx.example.com"] if mode else []
    said = {"policy-type": kind, "policy-domain": domain, "policy-string": strings}
    counts = {"total-successful-session-count": successful, "total-failure-session-count": failed}
    return {
        "policy": {key: value for key, value in said.items() if value is not None},
        "summary": {key: value for key, value in counts.items() if value is not None},
        "failure-details": list(failures),
    }


@dataclass(frozen=True)
class Said:
    """One report of one day, as `reporter` sends it."""

    day: date
    policies: Sequence[Entry] = field(default_factory=lambda: (policy(),))
    reporter: str = "receiver.example"
    report_id: str = ""

    def document(self) -> dict[str, Any]:
        day = self.day.isoformat()
        return {
            "organization-name": self.reporter,
            "date-range": {
                "start-datetime": f"{day}T00:00:00Z",
                "end-datetime": f"{day}T23:59:59Z",
            },
            "contact-info": "tls@receiver.example",
            "report-id": self.report_id or f"{day}_{self.reporter}",
            "policies": list(self.policies),
        }

    def write(self, path: Path) -> None:
        """As a file of the day after, or it would be a report from the future."""
        path.write_text(json.dumps(self.document()), encoding="utf-8")
        arrived = datetime.combine(self.day, time(3), UTC).timestamp() + 86400
        os.utime(path, (arrived, arrived))


def store_of(reports: Iterable[Said], folder: Path) -> Path:
    """A store in `folder` that holds the reports, read in as `rua ingest` does, in their order."""
    documents, store = folder / "documents", folder / "rua.duckdb"
    documents.mkdir(parents=True)
    for number, report in enumerate(reports):
        report.write(documents / f"{number:05d}.json")
    assert read_here(store, documents).refused == 0
    return store
