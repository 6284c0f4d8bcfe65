"""Every question that analytics can ask, asked: a new one joins here, or a test names it.

`everything_asked` asks about domains that a reader may see and about others; its reader may be
a `Recorded` one, which remembers the text of each question.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from analytics.advice.advise import advise
from analytics.advice.domain_state import domain_states
from analytics.advice.evidence_export import write as write_bundle
from analytics.advice.fingerprint import inputs
from analytics.advice.history import given, week_of
from analytics.changes.detect import changes
from analytics.dns import history
from analytics.policy.history import policy_changes
from analytics.policy.replay import Replayed, Tags
from analytics.policy.whatif import as_published, whatif
from analytics.query.question import Question
from analytics.query.run import ask
from analytics.query.window import Window
from analytics.reports import browse, documents, freshness, ingest_runs, quarantine
from analytics.reports.coverage import arrivals
from analytics.sources import daily, drilldown, labels, summary, totals
from analytics.sources.drilldown import Drilldown
from analytics.sources.label_impact import effect
from analytics.sources.services import EVERY, service_counts, service_page, services_by_class
from analytics.sources.totals import source_rates
from analytics.sources.unclassified import Unknown, unknown_countries
from analytics.sources.unclassified import unknown as unknown_addresses
from analytics.tls import sessions
from analytics.weekly import weeks
from schemas.store.connection import Rows
from schemas.store.store import Reader
from tests.conftest import DEMO_DAYS, DEMO_UNTIL
from tests.support.stores.two_groups import TwoGroups

__all__ = ["MOMENT", "WINDOW", "Recorded", "everything_asked"]

WINDOW = Window(DEMO_UNTIL - timedelta(days=DEMO_DAYS - 1), DEMO_UNTIL, DEMO_UNTIL)
MOMENT = datetime.combine(DEMO_UNTIL, time.max)
SHORT = Window(DEMO_UNTIL, DEMO_UNTIL, DEMO_UNTIL)
BEFORE = Window(WINDOW.first, DEMO_UNTIL - timedelta(days=1), DEMO_UNTIL - timedelta(days=1))


class Recorded(Reader):
    """A reader that remembers which statements were run on it."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader.con, reader.path, reader.state, reader.sees)
        self.made = reader.made
        self.asked: list[str] = []

    def execute(self, query: str, parameters: object = None) -> Rows:
        self.asked.append(query)
        return super().execute(query, parameters)

    def has_asked(self, question: str) -> bool:
        """Whether a question was asked, by itself or over relations, which stand before it."""
        text = question.strip()
        lines = text.splitlines()
        first = next(n for n, line in enumerate(lines) if not line.startswith("--"))
        comment = "\n".join(lines[:first])
        body = "\n".join(lines[first:]).removeprefix("with ")
        return any(comment in statement and body in statement for statement in self.asked)


def everything_asked(
    reader: Reader, both: TwoGroups, folder: Path, documents: Iterable[int]
) -> Iterator[tuple[str, object]]:
    """(what, answer) of each question; `documents` are asked for by number."""
    q = Question(reader, WINDOW, overrides=labels.overrides(reader, {}), dns_as_of=MOMENT)
    yield "labels", (q.overrides, labels.labels(reader))
    yield from _of_the_feed(q)
    yield from _of_mail(q)
    yield from _of_sought(q)
    yield from _of_advice(q, both)
    for number in documents:
        yield f"document {number}", _of_document(reader, number)
    for domain in (min(both.mine), min(both.theirs)):
        yield from _of_domain(q.about(domain), domain, folder)
    tables = reader.execute(
        "select table_name from duckdb_tables()"
        " where temporary and not starts_with(table_name, 'sender')"  # the catalogue's
    ).fetchall()
    for (name,) in tables:
        yield f"table {name}", reader.execute(f"from temp.{name}").fetchall()


def _of_the_feed(q: Question) -> Iterator[tuple[str, object]]:
    reader, ever = q.reader, q.over(EVER)
    yield "feed", freshness.feed(q)
    yield "reporters", (freshness.reporters(q), freshness.reporter_mail(q))
    yield "arrivals", arrivals(q)
    yield "disagreement", freshness.disagreement(q)
    yield (
        "runs",
        (freshness.runs(reader), ingest_runs.run_sources(reader), ingest_runs.backlog(reader)),
    )
    asked = (ingest_runs.run_days, ingest_runs.run_problems, ingest_runs.waiting)
    yield "run page", (ingest_runs.run_page(ever, most=99), [each(ever) for each in asked])
    yield "quarantined", (quarantine.quarantined(reader), quarantine.held(reader))
    yield "quarantine", (quarantine.quarantine_page(reader, most=99), quarantine.codes(reader))
    by_trust = (browse.genuine, browse.genuine_days, browse.genuine_reasons, browse.reporter_days)
    yield "genuine", [each(q) for each in by_trust]
    yield "browsed", (browse.browse(q, most=100_000), browse.conflicts(q))
    yield "reports", documents.reports(q, most=100_000)
    yield "tls", (sessions.tls(q), sessions.tls_failures(q), sessions.tls_days(q))
    yield "tls days", (sessions.tls_failure_days(q), sessions.tls_feed(reader, DEMO_UNTIL))
    yield "tls names", sessions.tls_domain_names(reader)


FAILING = Drilldown(failing=True)
EVER = Window(DEMO_UNTIL - timedelta(days=3000), DEMO_UNTIL + timedelta(days=3000), DEMO_UNTIL)


def _of_mail(q: Question) -> Iterator[tuple[str, object]]:
    yield "names", (totals.domain_names(q.reader), history.names_to_ask(q))
    yield "arrived", totals.arrived(q)
    yield "days", totals.days(q)
    yield "domains", summary.domains(q)
    yield "sources", summary.sources(q)
    yield "services", services_by_class(q)
    for unknown in (Unknown(), Unknown(anywhere=False, country="DE")):
        yield "unknown", unknown_addresses(q, unknown, most=1000)
        yield "unknown countries", unknown_countries(q, unknown)
    yield "source days", daily.source_days(q)
    yield "gone", daily.gone(q.over(SHORT))


def _of_sought(q: Question) -> Iterator[tuple[str, object]]:
    any_mail = Drilldown()
    asked = (drilldown.addresses, drilldown.days, drilldown.reporters, drilldown.total)
    yield "sought", [each(q, any_mail) for each in asked]
    yield "sought records", drilldown.records(q, any_mail, most=100_000)
    sources = [(row["domain"], row["source"]) for row in services_by_class(q)]
    pages = [service_page(q, each, most=EVERY) for each in (any_mail, FAILING)]
    yield "service page", (pages, service_counts(q, FAILING))
    yield "sought strips", drilldown.strips(q, any_mail, sources)
    yield "arrivals", arrivals(q, most=1000)


def _of_advice(q: Question, both: TwoGroups) -> Iterator[tuple[str, object]]:
    yield "advise", advise(q)
    yield "changes", changes(q, BEFORE)
    yield "policies", policy_changes(replace(q, dns_as_of=None))
    found, lately = domain_states(q), domain_states(q.over(SHORT))  # with sources of days before
    yield "domain_states", [asdict(each) for each in (*found, *lately)]
    yield "inputs", [inputs(q, each) for each in found]
    # What the caller itself names is no answer: a group's name and domains are the settings'.
    told = weeks(q, {"mine": both.mine})
    yield "weeks", [asdict(each) for each in told]


def _of_document(reader: Reader, number: int) -> object:
    page = browse.records(reader, number, most=99)
    told = (documents.document(reader, number), documents.document_bytes(reader, number))
    return told, browse.head(reader, number), page, quarantine.refused_records(reader, number)


def _of_domain(q: Question, domain: str, folder: Path) -> Iterator[tuple[str, object]]:
    reader = q.reader
    yield "what if", scrub(whatif(q, Tags("reject")), domain)
    again = Replayed.of(q, Tags("reject"))
    fates = again.fates({"p": "reject", "sp": "reject", "np": "reject"})
    yield "replayed", (again.days(), again.rates(), fates)
    yield "source rates", source_rates(q)
    yield "published", as_published(q)
    yield "dns", scrub(history.published_on(reader, domain, MOMENT), domain)
    yield "dns changes", history.changes(reader, domain)
    yield "given", given(reader, domain)
    values = {"domains": [domain], "now": MOMENT}
    since = {"since": MOMENT - timedelta(days=9), "errors_since": MOMENT}
    yield "dns asked", ask(reader, "dns/dns_asked", values | since)
    yield "dns last", ask(reader, "dns/dns_last", values)
    last = {"domains": [domain], "week": week_of(DEMO_UNTIL)}
    yield "advice last", ask(reader, "advice/advice_last", last)
    yield "effect", effect(q, "label.x.example", ())
    out = folder / domain
    write_bundle(q, out)
    yield "bundle", [path.read_text() for path in out.iterdir() if path.is_file()]


def scrub(told: Any, asked: str) -> object:
    """Without the domain that was asked about, which such answers repeat."""
    if told is None:
        return None
    found = dict(told) if isinstance(told, dict) else asdict(told)
    assert found.pop("domain") == asked
    return found
