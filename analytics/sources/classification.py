"""Each source's class for a domain: own, broken, forwarder, list, spoof or undecided.

`source_class` is the relation that every question joins that tells own mail from other: one row per
(policy domain, source address) with mail in the window, its class with the rule or the override
that gave it, and the evidence. The rules stand in queries/classes.sql and, in words, in
docs/classes.md.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

from analytics.query.question import Question
from analytics.query.relation import Listed, Made, Relations
from analytics.query.run import Row, ask, ask_cached, made
from analytics.sources.catalogue import catalogue, find, named_by
from analytics.sources.labels import override_rows
from analytics.sources.recurrence import rhythm
from schemas.store.reader import Reader

__all__ = [
    "CLASSES",
    "HISTORY_DAYS",
    "among",
    "by_domain",
    "catalogue_digest",
    "classified_by_rule",
    "source_class",
]

CLASSES = ("own", "broken", "forwarder", "list", "spoof", "undecided")
HISTORY_DAYS = 400  # looked back on for a first sight and a rhythm: a year and a month
STEADY_REPORTERS = 2  # one receiver's view is no steadiness

LEAST_DAYS = 3  # no rhythm shows in fewer


def source_class(q: Question) -> Made:
    """The classes of the question's window, under its overrides.

    It may hold more domains than were asked for: questions name theirs.
    """
    of_all = None if q.domain is None else _under_overrides(q.about())
    return _under_overrides(q if q.domain else q.about(), of_all)


def by_domain(q: Question, name: str, parameters: Mapping[str, Any]) -> list[Row]:
    """All rows of a question over the classes; of one domain they stand among those of all."""
    over: Relations = (*q.counted, source_class(q))
    if q.domain is None:
        return ask_cached(q.reader, name, parameters, *over)
    everywhere = {
        key: None if key in ("domain", "domains") else value for key, value in parameters.items()
    }
    of_all: Relations = (*q.counted, source_class(q.about()))
    return ask_cached(q.reader, name, parameters, *over, among=(everywhere, of_all))


def among(q: Question, rows: Iterable[Row]) -> list[Row]:
    """Those of the domains asked about, by their `domain`."""
    return [row for row in rows if q.domains is None or row["domain"] in q.domains]


def _under_overrides(q: Question, wider: Made | None = None) -> Made:
    by_rule = classified_by_rule(q)
    return made(
        "source_class", "sources/source_class", q.named, by_rule, override_rows(q), wider=wider
    )


def classified_by_rule(q: Question) -> Made:
    """The classes that the rules give; kept, for they take seconds and no label changes them."""
    wider = None if q.domains is None else classified_by_rule(q.about())
    evidence, named, stream = _evidence(q)
    rhythms = Listed(
        "rhythm",
        "policy_domain text, source text, source_ip text, rhythm text",
        (stream.key, q.window.last),
        lambda reader: _rhythms(reader, (evidence, stream), q.window.last),
    )
    over: Relations = (evidence, named, stream, rhythms, *_catalogue(evidence))
    last = {"last": q.window.last}
    return made("classified_by_rule", "sources/classes", last, *over, wider=wider, is_cached=True)


def _evidence(q: Question) -> tuple[Made, Made, Made]:
    """The evidence, which sender each source is, and the streams of mail by source."""
    since = q.window.last - timedelta(days=HISTORY_DAYS - 1)
    evidence = made("evidence", "sources/evidence", {**q.bounds, "since": since}, *q.counted)
    named = made("named", "sources/named", {}, evidence, *_catalogue(evidence))
    stream = made("stream", "sources/stream", {}, evidence, named)
    return evidence, named, stream


@cache
def catalogue_digest() -> str:
    """Changes with the catalogue: a newer rua keeps nothing of an older one's."""
    folder = resources.files("analytics.sources")
    return hashlib.sha256(folder.joinpath("senders.toml").read_bytes()).hexdigest()


def _catalogue(evidence: Made) -> Sequence[Listed]:
    """The known senders, and which of the names met in reports are theirs."""
    known = catalogue_digest()
    return (
        Listed(
            "sender",
            "id text, name text, kind text, shared boolean, forwards boolean",
            (known,),
            lambda _: [(s.id, s.name, s.kind.value, s.shared, s.forwards) for s in catalogue()],
        ),
        Listed(
            "sender_network",
            "sender text, asn bigint, alone boolean",
            (known,),
            lambda _: [(s.id, asn, s.asns_only) for s in catalogue() for asn in s.asns],
        ),
        Listed(
            "sender_domain",
            "identity text, domain text, sender text",
            (known, evidence.key),
            lambda reader: _senders_of_domains(reader, evidence),
        ),
        Listed(
            "sender_service",
            "service text, sender text",
            (known, evidence.key),
            _senders_of_services,
        ),
    )


def _senders_of_domains(reader: Reader, evidence: Made) -> Iterator[tuple[str, str, str]]:
    for row in ask(reader, "sources/names_met", {}, evidence):
        if one := named_by(row["identity"], row["domain"]):
            yield row["identity"], row["domain"], one.id


def _senders_of_services(reader: Reader) -> Iterator[tuple[str, str]]:
    for row in ask(reader, "sources/services_met", {}):
        if one := find(row["service"]):
            yield row["service"], one.id


def _rhythms(reader: Reader, over: Sequence[Made], last: date) -> Iterator[tuple[str | None, ...]]:
    """Rhythms of what never passes: of each stream (no source_ip), and of each address."""
    columns = ("policy_domain", "source", "source_ip")
    steady = {"days": LEAST_DAYS, "reporters": STEADY_REPORTERS}
    for row in ask(reader, "sources/returning", steady, *over):
        if found := rhythm(row["day_bits"], row["week_bits"], last):
            yield *(row[column] for column in columns), found
