"""Questions asked of a store in plain words, answered in plain values.

Tests of what an answer says go through here, so that they do not hang on how analytics is called.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from analytics.advice.advise import advise
from analytics.advice.domain_state import DomainState, domain_states
from analytics.advice.evidence_export import write
from analytics.policy.replay import Tags
from analytics.policy.whatif import whatif
from analytics.query.override import Override
from analytics.query.question import Owner, Question
from analytics.query.run import ask
from analytics.query.window import Window
from analytics.reports import browse, documents, freshness
from analytics.reports.coverage import arrivals
from analytics.reports.verified_filter import verified_where_proven
from analytics.sources import daily, drilldown, summary, totals
from analytics.sources.drilldown import Drilldown
from analytics.sources.label_impact import effect
from analytics.sources.labels import read
from analytics.sources.services import services_by_class
from analytics.sources.totals import source_rates
from analytics.sources.unclassified import Unknown, unknown, unknown_countries
from schemas.config.thresholds import Gates
from schemas.store.reader import Reader
from schemas.store.store import Store
from tests.support.moments import utc

__all__ = ["Asked", "Row", "asked"]

Row = dict[str, Any]
LABELLED = utc(2026, 1, 2)


@dataclass(frozen=True)
class Asked:
    """One store, and what is asked about: so many days up to the last one, of one domain.

    Labels are said of every domain of the store. Advice is asked for all of them at once and
    remembered, so that a store may hold many cases, each a domain of its own.
    """

    reader: Reader
    last: date
    domain: str = "example.com"
    days: int = 35
    gates: Mapping[str, Any] = field(default_factory=dict)
    owner: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    is_proven: bool = False
    remembered: dict[str, Any] = field(default_factory=dict)

    def but(self, **changes: Any) -> "Asked":
        return replace(self, **changes)

    def with_gates(self, **gates: Any) -> "Asked":
        return replace(self, gates={**self.gates, **gates})

    @property
    def window(self) -> Window:
        return Window(self.last - timedelta(days=self.days - 1), self.last, self.last)

    @property
    def names(self) -> list[str]:
        found: list[str] = self._once("names", lambda: totals.domain_names(self.reader))
        return found

    @property
    def overrides(self) -> tuple[Override, ...]:
        """The labels: {address, network, domain or service: class}."""
        return tuple(
            Override(domain, match, *read(match), name, is_label=True, made_at=LABELLED)
            for domain in self.names
            for match, name in self.labels.items()
        )

    @property
    def question(self) -> Question:
        """Of the one domain; with `is_proven` over the reports that its advice goes by."""
        q = self._of_all.about(self.domain)
        return verified_where_proven(q)[0] if self.is_proven else q

    @property
    def _of_all(self) -> Question:
        owners = dict.fromkeys(self.names, Owner(**self.owner))
        gates = Gates(**self.gates)
        return Question(self.reader, self.window, None, self.overrides, gates, owners)

    def _once(self, what: str, ask: Callable[[], Any]) -> Any:
        if what not in self.remembered:
            self.remembered[what] = ask()
        return self.remembered[what]

    def _once_of_all(self, what: str, ask: Callable[[], Any]) -> Any:
        told = (self.last, self.days, self.gates, self.owner, self.labels)
        return self._once(f"{what} {told}", ask)

    def advice(self) -> Row:
        """The row of `rua advise`, without what the next record would do to the mail."""
        rows = self._once_of_all("advice", lambda: advise(self._of_all, with_impact=False))
        (row,) = [each for each in rows if each["domain"] == self.domain]
        return dict(row)

    def gate(self, name: str) -> Row:
        gates: list[Row] = self.advice()["gates"]
        (row,) = [each for each in gates if each["name"] == name]
        return row

    def state(self) -> DomainState:
        """All that the advice on the domain goes by."""
        states = self._once_of_all("states", lambda: domain_states(self._of_all))
        (found,) = [each for each in states if each.domain == self.domain]
        state: DomainState = found
        return state

    def inputs(self) -> str:
        """The hash of all that the advice rests on."""
        (row,) = advise(self.question)
        found: str = row["inputs"]
        return found

    def bundle(self, folder: Path) -> dict[str, bytes]:
        """{name: content} of the files of `rua advise --evidence`."""
        files = write(self.question, folder)
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    def measured(self) -> Row:
        return dict(self.state().seen)

    def breaks(self) -> list[Row]:
        return [dict(row) for row in self.state().breaks]

    def sources(self) -> dict[str, Row]:
        """{address: row of `rua sources`}"""
        rows = summary.sources(self.question)
        return {row["source_ip"]: row for row in rows}

    def evidence(self) -> dict[str, Row]:
        """{address: what the classes go by}"""
        parameters = {
            "since": self.last - timedelta(days=399),
            "first": self.window.first,
            "last": self.last,
            "domains": [self.domain],
        }
        rows = ask(self.reader, "sources/evidence", parameters, *self.question.counted)
        return {row["source_ip"]: row for row in rows}

    def domains(self) -> dict[str, Row]:
        return {row["domain"]: row for row in summary.domains(self.question.about())}

    def services(self) -> dict[tuple[str, str], Row]:
        """{(service, class): its addresses of that class together}"""
        rows = services_by_class(self.question)
        return {(row["source"], row["class"]): row for row in rows}

    def rates(self) -> dict[str, Row]:
        rows = source_rates(self.question)
        return {row["source"]: row for row in rows}

    def each_day(self) -> dict[date, Row]:
        rows = totals.days(self.question)
        return {row["day"]: row for row in rows}

    def whatif(self, **tags: str) -> Row:
        return whatif(self.question, Tags(**tags))

    def left_out(self) -> int:
        """Unverified reports of the window that the advice does not go by."""
        return verified_where_proven(self.question)[1].get(self.domain, 0)

    def proven(self) -> "Asked":
        """The same over the reports that the advice goes by."""
        return self.but(is_proven=True)

    def gone(self) -> dict[str, Row]:
        """{address: its mail of the 90 days before the window, of those that sent none in it}"""
        return {row["source_ip"]: row for row in daily.gone(self.question)}

    def source_days(self) -> dict[tuple[str, date], Row]:
        rows = daily.source_days(self.question)
        return {(row["source"], row["day"]): row for row in rows}

    def unknown(self, most: int = 100, skip: int = 0, **wanted: Any) -> list[Row]:
        """Addresses that are new or undecided."""
        return unknown(self.question, Unknown(**wanted), most=most, skip=skip)

    def effect(self, match: str) -> Row:
        """What the label on `match` decides, and what that mail is without it."""
        without = self.but(labels={key: self.labels[key] for key in self.labels if key != match})
        return effect(self.question, match, without.overrides)

    def reporters(self) -> dict[str, Row]:
        """{reporter: how regularly it sends}"""
        rows = freshness.reporters(self.question)
        return {row["reporter"]: row for row in rows}

    def reporter_mail(self) -> dict[str, Row]:
        rows = freshness.reporter_mail(self.question)
        return {row["reporter"]: row for row in rows}

    def feed(self) -> Row:
        return freshness.feed(self.question)

    def disagreement(self) -> dict[str, Row]:
        return {row["reporter"]: row for row in freshness.disagreement(self.question)}

    def arrivals(self, most: int = 10) -> dict[tuple[str | None, date], Row]:
        rows = arrivals(self.question, most)
        return {(row["reporter"], row["day"]): row for row in rows}

    def reports(self, most: int = 1000, skip: int = 0, **wanted: Any) -> list[Row]:
        which = browse.Wanted(**wanted)
        return browse.browse(self.question, which, most=most, skip=skip)

    def record_page(self, number: int, most: int = 100, skip: int = 0) -> list[Row]:
        """Records of a report, by its number."""
        return browse.records(self.reader, number, most=most, skip=skip)

    def document(self, number: int) -> Row:
        found = documents.document(self.reader, number)
        assert found is not None
        return found

    def reports_with(self, **sought: Any) -> list[Row]:
        """Reports that hold records of an address, or of a reporter."""
        return documents.reports(self.question, **sought)

    def countries(self, **wanted: Any) -> dict[str | None, Row]:
        rows = unknown_countries(self.question, Unknown(**wanted))
        return {row["country"]: row for row in rows}

    def genuine(self) -> dict[str, Row]:
        rows = browse.genuine(self.question)
        return {row["reporter"]: row for row in rows}

    def found(self, what: str, **sought: Any) -> Any:
        """addresses, days, reporters or total of the mail that is sought."""
        return getattr(drilldown, what)(self.question, Drilldown(**sought))

    def records(self, most: int = 100, skip: int = 0, **sought: Any) -> list[Row]:
        return drilldown.records(self.question, Drilldown(**sought), most=most, skip=skip)


@contextlib.contextmanager
def asked(store: Path, last: date, **changes: Any) -> Iterator[Asked]:
    with Store(store).read() as reader:
        yield Asked(reader, last, **changes)
