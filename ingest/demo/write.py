"""The demo on disk: mails/*.eml, rua.toml and truth.json."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from ingest.demo.documents import Report
from ingest.demo.mails import (
    ORDINARY,
    Mail,
    again,
    aggregate_mail,
    broken_mail,
    ordinary_mail,
    placeholder_mail,
    tls_mail,
)
from ingest.demo.organisation import AUTHSERV_ID, Domain
from ingest.demo.reporting import DAY, arrival, closing, reports
from ingest.demo.tls_documents import TLS_REPORTERS, write_tls
from ingest.demo.traffic import Plan, keyed, make_plan
from ingest.demo.truth import Ledger, domain_truth, whole_truth
from ingest.demo.variant import DEFAULT, Variant

__all__ = ["DemoSummary", "settings_text", "write_demo"]

# (days back, reporter, domain): mails that are truncated, or hold a placeholder.
CUT_OFF = ((3, "Enterprise Outlook", "harbour.example"), (26, "Yahoo", "example.com"))
UNUSED = ((2, "Yahoo", "example.com"), (40, "Yahoo", "lantern-energy.example"))


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What was written: counts of mails, reports (each once), records and messages in them."""

    out: Path
    mails: int
    reports: int
    records: int
    messages: int
    first_day: date
    last_day: date


def write_demo(
    out: Path, *, days: int = 90, seed: int = 1, until: date, variant: Variant = DEFAULT
) -> DemoSummary:
    """Writes the demo organisation's mailbox into `out`; see the package for what is in it.

    Raises ValueError for fewer than one day, or a folder that holds anything but an earlier demo.
    """
    if days < 1:
        raise ValueError(f"a demo needs one day or more, not {days}")
    plan = make_plan(seed, until, variant)
    _clear(out)
    ledger = Ledger()
    mails = sorted(_all_mails(plan, days, ledger), key=lambda mail: mail.order)
    named = [(f"{number:06d}.eml", mail) for number, mail in enumerate(mails, 1)]
    run = {"days": days, "seed": seed, "until": until.isoformat(), "variant": variant.name}
    entries = [
        {**mail.truth, "file": name, "arrived": mail.arrived.isoformat()} for name, mail in named
    ]
    truth = whole_truth(run, domain_truth(plan, days), entries, ledger)
    text = json.dumps(truth, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (out / "truth.json").write_text(text, encoding="utf-8", newline="\n")
    (out / "rua.toml").write_text(settings_text(plan.domains), encoding="utf-8", newline="\n")
    _write_mails(out / "mails", named)
    count = sum(mail.truth["kind"] == "report" for mail in mails)
    return DemoSummary(
        out, len(mails), count, ledger.records, ledger.messages, until - days * DAY, until - DAY
    )


def _clear(out: Path) -> None:
    """Prepare the folder: an earlier demo is removed, anything else is refused."""
    out.mkdir(parents=True, exist_ok=True)
    foreign = sorted(_foreign(out))
    if foreign:
        raise ValueError(
            f"{out} is neither empty nor just an earlier demo: it holds {', '.join(foreign[:3])};"
            " remove that or name a new folder"
        )
    shutil.rmtree(out / "mails", ignore_errors=True)
    for name in ("rua.toml", "truth.json"):
        (out / name).unlink(missing_ok=True)


def _foreign(out: Path) -> Iterator[str]:
    """What in the folder is not of a demo; truth.json, which is written first, marks a demo."""
    earlier = ("truth.json", "rua.toml", "mails") if (out / "truth.json").is_file() else ()
    for each in out.iterdir():
        if each.name not in earlier:
            yield each.name
    if earlier and (out / "mails").is_dir():
        for each in (out / "mails").iterdir():
            if each.suffix != ".eml" or not each.stem.isdecimal():
                yield f"mails/{each.name}"


def _write_mails(folder: Path, named: Sequence[tuple[str, Mail]]) -> None:
    folder.mkdir()
    for name, mail in named:
        path = folder / name
        path.write_bytes(mail.data)
        arrived = mail.arrived.timestamp()
        os.utime(path, (arrived, arrived))


def _all_mails(plan: Plan, days: int, ledger: Ledger) -> Iterator[Mail]:
    """Every mail that has arrived by the end of the last day."""
    end = closing(plan.until)
    for domain in plan.domains:
        for report in reports(plan, domain, days):
            for mail in _report_mails(plan, report):
                if mail.arrived < end:
                    yield mail
                    if mail.truth["kind"] == "report":
                        ledger.add(report)
        for mail in _tls_mails(plan, domain, days):
            if mail.arrived < end:
                yield mail
    start = datetime.combine(plan.until, time(0), UTC)
    for index, (back, *_rest) in enumerate(ORDINARY):
        if back <= days:
            yield ordinary_mail(index, start, keyed(plan.seed, "ordinary", index))


def _report_mails(plan: Plan, report: Report) -> Iterator[Mail]:
    """The report's mail, and the truncated, empty or duplicate mails beside it."""
    who = report.reporter
    arrived, rng = arrival(plan, report)
    mail = aggregate_mail(report, arrived, rng)
    key = (
        (plan.until - datetime.fromtimestamp(report.begin, UTC).date()).days,
        who.org_name,
        report.domain,
    )
    if key in CUT_OFF:
        yield broken_mail(mail, report, timedelta(minutes=50), rng)
    if key in UNUSED:
        yield placeholder_mail(mail, report, timedelta(minutes=95), rng)
    yield mail
    if rng.random() < who.resends:
        yield again(mail, report, timedelta(minutes=rng.randrange(20, 300)), rng)


def _tls_mails(plan: Plan, domain: Domain, days: int) -> Iterator[Mail]:
    if domain.tls is None:
        return
    for back in range(days, 0, -1):
        day = plan.until - back * DAY
        for who in TLS_REPORTERS:
            rng = keyed(plan.seed, "tls", who.organization, domain.name, day)
            report = write_tls(who, domain, domain.tls, day=day, back=back, rng=rng)
            if report is not None:
                delay = timedelta(seconds=rng.randrange(1800, 4 * 3600))  # RFC 8460 §4.1
                yield tls_mail(report, datetime.fromtimestamp(report.end, UTC) + delay, rng)


def settings_text(domains: Sequence[Domain]) -> str:
    """rua.toml: the owner's settings of the domains; no mailbox, the mails are read from files."""
    lines = [
        "# The demo organisation. Its mails lie in mails/; read them with: rua ingest mails",
        f"# Its own MX writes Authentication-Results as {AUTHSERV_ID};",
        'store = "rua.duckdb"',
        f'authserv_id = "{AUTHSERV_ID}"',
        "",
        "[dns]",
        "offline = true",
    ]
    for domain in domains:
        lines += ["", f'[domains."{domain.name}"]', f'goal = "{domain.goal}"']
        if domain.parked:
            lines.append("parked = true")
        lines.append(f'group = "{domain.group}"')
    return "\n".join(lines) + "\n"
