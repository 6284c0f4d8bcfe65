"""SMTP TLS reports as JSON (RFC 8460 §4.4), each with its sender's deviations."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ingest.demo.organisation import Domain, Tls

__all__ = ["TLS_REPORTERS", "TlsReport", "TlsReporter", "write_tls"]


@dataclass(frozen=True, slots=True)
class TlsReporter:
    """One sender of SMTP TLS reports (RFC 8460); `habit` names its deviations."""

    organization: str
    contact: str
    submitter: str
    signs: str
    relay: str
    relay_name: str
    sending: tuple[str, ...]
    share: float
    habit: str


TLS_REPORTERS: tuple[TlsReporter, ...] = (
    TlsReporter(
        "Google Inc.",
        "smtp-tls-reporting@google.com",
        "google.com",
        "google.com",
        "209.85.160.71",
        "mail-ot1-f71.google.com",
        ("209.85.208.172", "209.85.160.54"),
        0.6,
        "google",
    ),
    TlsReporter(
        "Microsoft Corporation",
        "tlsrpt-noreply@microsoft.com",
        "microsoft.com",
        "microsoft.com",
        "40.107.21.54",
        "mail-bl2nam06on2054.outbound.protection.outlook.com",
        ("40.107.20.73",),
        0.3,
        "microsoft",
    ),
    TlsReporter(
        "Mail.ru",
        "tls_support@corp.mail.ru",
        "mail.ru",
        "corp.mail.ru",
        "94.100.178.53",
        "relay9.m.smailru.net",
        (),
        0.04,
        "mail.ru",
    ),
)

TLSA = (
    "3 1 1 6007EEE553E85D8DF007A845D19EC343283D4E416E9A33F9EF3040C8B7C285BC",
    "3 1 1 837C773D54C2E2BD71871A3FC352BE8214D5646CBAE5E3091401A7274717998B",
)


@dataclass(frozen=True, slots=True)
class TlsReport:
    """One report of one day; `sessions` successful and `failures` failed ones by policy type."""

    reporter: TlsReporter
    domain: str
    report_id: str
    begin: int
    end: int
    successful: dict[str, int]
    failed: dict[str, int]
    body: bytes

    @property
    def file_name(self) -> str:
        """RFC 8460 §5.1: sender!policy-domain!begin!end."""
        return f"{self.reporter.submitter}!{self.domain}!{self.begin}!{self.end}"


def write_tls(
    reporter: TlsReporter, domain: Domain, tls: Tls, *, day: date, back: int, rng: random.Random
) -> TlsReport | None:
    """The report of one day, or None when no session was seen."""
    sessions = round(
        rng.gauss(tls.sessions * reporter.share, (tls.sessions * reporter.share) ** 0.5)
    )
    if sessions < 1:
        return None
    types = ["sts", "tlsa"] if tls.dane and reporter.habit == "microsoft" else ["sts"]  # T16
    failures = _failures(reporter, tls, back, sessions, rng)
    failed = {kind: _total(failures) if kind == "sts" else 0 for kind in types}
    successful = {kind: sessions - failed[kind] for kind in types}
    policies = [
        _policy(
            reporter,
            domain.name,
            tls,
            kind=kind,
            successful=successful[kind],
            failed=failed[kind],
            failures=failures,
        )
        for kind in types
    ]
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    report_id = _report_id(reporter, domain.name, midnight, rng)
    content = {
        "organization-name": reporter.organization,
        "date-range": _date_range(reporter, midnight),
        "contact-info": reporter.contact,
        "report-id": report_id,
        "policies": policies,
    }
    begin = int(midnight.timestamp())
    end = begin + 86_399 + (reporter.habit == "mail.ru")
    body = json.dumps(content, indent=None if reporter.habit == "google" else 2).encode()
    return TlsReport(reporter, domain.name, report_id, begin, end, successful, failed, body)


def _date_range(reporter: TlsReporter, midnight: datetime) -> dict[str, str]:
    zone = "" if reporter.habit == "microsoft" else "Z"  # T1
    last = timedelta(days=1) - timedelta(seconds=reporter.habit != "mail.ru")  # T10
    stamps = (midnight, midnight + last)
    begin, end = (f"{stamp:%Y-%m-%dT%H:%M:%S}{zone}" for stamp in stamps)
    return {"start-datetime": begin, "end-datetime": end}


def _report_id(reporter: TlsReporter, domain: str, midnight: datetime, rng: random.Random) -> str:
    match reporter.habit:  # T11
        case "google":
            return f"{midnight:%Y-%m-%dT%H:%M:%SZ}_{domain}"
        case "microsoft":
            return f"{rng.randrange(10**17, 10**18)}+{domain}"
        case _:
            return f"{rng.getrandbits(64):016x}-{midnight:%Y%m%d}@mail.ru"


def _failures(
    reporter: TlsReporter, tls: Tls, back: int, sessions: int, rng: random.Random
) -> list[dict[str, Any]]:
    found = []
    for kind, mx, first, last in tls.faults:
        if first >= back >= last:
            count = max(1, round(sessions * rng.uniform(0.3, 0.6)))
            found.append(_failure(reporter, kind, mx, count, rng))
    return found


def _failure(
    reporter: TlsReporter, kind: str, mx: str, count: int, rng: random.Random
) -> dict[str, Any]:
    detail: dict[str, Any] = {"result-type": kind, "failed-session-count": count}
    if reporter.sending and mx:  # T5: Mail.ru leaves the hosts out
        detail["sending-mta-ip"] = rng.choice(reporter.sending)
        detail["receiving-mx-hostname"] = mx
    if kind == "sts-policy-fetch-error":
        detail["failure-reason-code"] = "bad https response code: 503"
    return detail


def _total(failures: Sequence[dict[str, Any]]) -> int:
    return sum(int(each["failed-session-count"]) for each in failures)


def _policy(
    reporter: TlsReporter,
    domain: str,
    tls: Tls,
    *,
    kind: str,
    successful: int,
    failed: int,
    failures: list[dict[str, Any]],
) -> dict[str, Any]:
    policy: dict[str, Any] = {"policy-type": kind, "policy-domain": domain}
    fetched = not any(each["result-type"] == "sts-policy-fetch-error" for each in failures)
    if kind == "tlsa":
        policy["policy-string"] = [json.dumps(TLSA, separators=(",", ":"))]  # T2
    elif fetched and reporter.habit != "mail.ru":  # T3
        policy["policy-string"] = [
            "version: STSv1",
            f"mode: {tls.mode}",
            *(f"mx: {mx}" for mx in tls.mx),
            "max_age: 604800",
        ]
    if kind == "sts" and fetched and reporter.habit == "google":
        policy["mx-host"] = list(tls.mx)  # T4: Microsoft sends none
    entry: dict[str, Any] = {
        "policy": policy,
        "summary": {
            "total-successful-session-count": successful,
            "total-failure-session-count": failed,
        },
    }
    if failures and kind == "sts":  # T7
        entry["failure-details"] = failures
    return entry
