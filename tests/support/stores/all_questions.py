"""Every question that analytics can ask, asked: a new one joins here, or a test names it.

`everything_asked` asks about domains that a reader may see and about others; its connection may be
a `Recorded` one, which remembers the text of each question.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from analytics.advice.advise import advise
from analytics.advice.domain_state import standings
from analytics.advice.evidence_export import write as write_bundle
from analytics.advice.fingerprint import inputs
from analytics.advice.history import given, week_of
from analytics.changes.detect import changes
from analytics.dns import history
from analytics.policy.history import policy_changes
from analytics.policy.whatif import Tags, as_published, whatif
from analytics.query.run import ask
from analytics.query.window import Window
from analytics.reports import browse, documents, freshness, ingest_runs, quarantine
from analytics.reports.coverage import arrivals
from analytics.sources import daily, drilldown, labels, summary, totals
from analytics.sources.drilldown import Sought
from analytics.sources.label_impact import effect
from analytics.sources.pass_rates import replayed_days, replayed_fates, replayed_rates, source_rates
from analytics.sources.services import EVERY, by_class, service_counts, service_page
from analytics.sources.unclassified import Unknown, unknown_countries
from analytics.sources.unclassified import unknown as unknown_addresses
from analytics.tls import sessions
from analytics.weekly import weeks
from schemas.config.thresholds import Gates
from schemas.store.store import Connection
from tests.conftest import DEMO_DAYS, DEMO_UNTIL
from tests.support.stores.two_groups import TwoGroups

__all__ = ["MOMENT", "WINDOW", "Recorded", "everything_asked"]

WINDOW = Window(DEMO_UNTIL - timedelta(days=DEMO_DAYS - 1), DEMO_UNTIL, DEMO_UNTIL)
MOMENT = datetime.combine(DEMO_UNTIL, time.max)
SHORT = Window(DEMO_UNTIL, DEMO_UNTIL, DEMO_UNTIL)
BEFORE = Window(WINDOW.first, DEMO_UNTIL - timedelta(days=1), DEMO_UNTIL - timedelta(days=1))


class Recorded:
    """A connection that remembers which questions were asked on it."""

    def __init__(self, con: Connection) -> None:
        self._con = con
        self.asked: list[str] = []

    def execute(self, statement: str, *rest: Any) -> Any:
        self.asked.append(statement)
        return self._con.execute(statement, *rest)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


def everything_asked(
    con: Any, both: TwoGroups, folder: Path, documents: Iterable[int]
) -> Iterator[tuple[str, object]]:
    """(what, answer) of each question; `documents` are asked for by number."""
    said = labels.words(con, {})
    yield "labels", (said, labels.labels(con))
    yield from _of_the_feed(con)
    yield from _of_mail(con, said)
    yield from _of_sought(con, said, both)
    yield from _of_advice(con, said, both)
    for number in documents:
        yield f"document {number}", _of_document(con, number)
    for domain in (min(both.mine), min(both.theirs)):
        yield from _of_domain(con, said, domain, folder)
    tables = con.execute(
        "select table_name from duckdb_tables()"
        " where temporary and not starts_with(table_name, 'sender')"  # the catalogue's
    ).fetchall()
    for (name,) in tables:
        yield f"table {name}", con.execute(f"from temp.{name}").fetchall()


def _of_the_feed(con: Any) -> Iterator[tuple[str, object]]:
    yield "feed", freshness.feed(con, DEMO_UNTIL)
    yield "reporters", (freshness.reporters(con, DEMO_UNTIL), freshness.reporter_mail(con, WINDOW))
    yield "arrivals", arrivals(con, WINDOW)
    yield "disagreement", freshness.disagreement(con, WINDOW)
    yield "runs", (freshness.runs(con), ingest_runs.run_sources(con), ingest_runs.backlog(con))
    asked = (ingest_runs.run_days, ingest_runs.run_problems, ingest_runs.waiting)
    yield (
        "run page",
        (ingest_runs.run_page(con, EVER, most=99), [each(con, EVER) for each in asked]),
    )
    yield "quarantined", (quarantine.quarantined(con), quarantine.held(con))
    yield "quarantine", (quarantine.quarantine_page(con, None, most=99), quarantine.codes(con))
    by_trust = (browse.genuine, browse.genuine_days, browse.genuine_reasons, browse.reporter_days)
    yield "genuine", [each(con, WINDOW) for each in by_trust]
    yield "browsed", (browse.browse(con, WINDOW, most=100_000), browse.conflicts(con, WINDOW))
    yield "reports", documents.reports(con, WINDOW, most=100_000)
    yield (
        "tls",
        (
            sessions.tls(con, WINDOW),
            sessions.tls_failures(con, WINDOW),
            sessions.tls_days(con, WINDOW),
        ),
    )
    yield "tls days", (sessions.tls_failure_days(con, WINDOW), sessions.tls_feed(con, DEMO_UNTIL))
    yield "tls names", sessions.tls_domain_names(con)


FAILING = Sought(failing=True)
EVER = Window(DEMO_UNTIL - timedelta(days=3000), DEMO_UNTIL + timedelta(days=3000), DEMO_UNTIL)


def _of_mail(con: Any, said: Any) -> Iterator[tuple[str, object]]:
    yield "names", (totals.domain_names(con), history.names_to_ask(con, WINDOW))
    yield "arrived", totals.arrived(con, WINDOW)
    yield "days", totals.days(con, WINDOW, words=said)
    yield "domains", summary.domains(con, WINDOW, words=said)
    yield "sources", summary.sources(con, WINDOW, words=said)
    yield "services", by_class(con, WINDOW, words=said)
    for unknown in (Unknown(), Unknown(anywhere=False, country="DE")):
        yield "unknown", unknown_addresses(con, WINDOW, unknown, said, most=1000)
        yield "unknown countries", unknown_countries(con, WINDOW, unknown, said)
    yield "source days", daily.source_days(con, WINDOW, words=said)
    yield "gone", daily.gone(con, SHORT)


def _of_sought(con: Any, said: Any, both: TwoGroups) -> Iterator[tuple[str, object]]:
    seek = Sought()
    asked = (drilldown.addresses, drilldown.days, drilldown.reporters, drilldown.total)
    yield "sought", [each(con, WINDOW, seek, said) for each in asked]
    yield "sought records", drilldown.records(con, WINDOW, seek, said, most=100_000)
    sources = [(row["domain"], row["source"]) for row in by_class(con, WINDOW, words=said)]
    pages = [service_page(con, WINDOW, each, said, most=EVERY) for each in (seek, FAILING)]
    yield "service page", (pages, service_counts(con, WINDOW, FAILING, said))
    yield "sought strips", drilldown.strips(con, WINDOW, seek, sources, said)
    yield "arrivals", arrivals(con, WINDOW, most=1000)


def _of_advice(con: Any, said: Any, both: TwoGroups) -> Iterator[tuple[str, object]]:
    yield "advise", advise(con, WINDOW, Gates(), {}, said, moment=MOMENT)
    yield "changes", changes(con, WINDOW, BEFORE, said)
    yield "policies", policy_changes(con, DEMO_UNTIL)
    found = standings(con, WINDOW, Gates(), {}, said, moment=MOMENT)
    lately = standings(con, SHORT, Gates(), {}, said, moment=MOMENT)  # with sources of days before
    yield "standings", [asdict(each) for each in (*found, *lately)]
    yield "inputs", [inputs(con, each, Gates(), said) for each in found]
    # What the caller itself names is no answer: a group's name and domains are the settings'.
    told = weeks(con, WINDOW, {"mine": both.mine}, Gates(), {}, said)
    yield "weeks", [asdict(each) for each in told]


def _of_document(con: Any, number: int) -> object:
    page = browse.records(con, number, most=99)
    told = (documents.document(con, number), documents.document_bytes(con, number))
    return told, browse.head(con, number), page, quarantine.refused_records(con, number)


def _of_domain(con: Any, said: Any, domain: str, folder: Path) -> Iterator[tuple[str, object]]:
    yield "what if", scrub(whatif(con, WINDOW, domain, Tags("reject"), said), domain)
    again = replayed_fates(con, {"p": "reject", "sp": "reject", "np": "reject"})
    yield "replayed", (replayed_days(con), replayed_rates(con), again)
    yield "source rates", source_rates(con, WINDOW, domain, said)
    yield "published", as_published(con, WINDOW, domain)
    yield "dns", scrub(history.published_on(con, domain, MOMENT), domain)
    yield "dns changes", history.changes(con, domain)
    yield "given", given(con, domain)
    values = {"domains": [domain], "now": MOMENT}
    since = {"since": MOMENT - timedelta(days=9), "errors_since": MOMENT}
    yield "dns asked", ask(con, "dns/dns_asked", values | since)
    yield "dns last", ask(con, "dns_last", values)
    yield "advice last", ask(con, "advice_last", {"domains": [domain], "week": week_of(DEMO_UNTIL)})
    yield "effect", effect(con, WINDOW, domain, "label.x.example", said, ())
    out = folder / domain
    write_bundle(con, out, WINDOW, domain, Gates(), {}, said, MOMENT)
    yield "bundle", [path.read_text() for path in out.iterdir() if path.is_file()]


def scrub(told: Any, asked: str) -> object:
    """Without the domain that was asked about, which such answers repeat."""
    if told is None:
        return None
    found = dict(told) if isinstance(told, dict) else asdict(told)
    assert found.pop("domain") == asked
    return found
