"""Classifies each source of a domain: own, broken, forwarder, list, spoof or undecided.

The relation `source_class` has one row per (policy domain, source address) with mail in the window:
its class, the rule or override that decided, and the evidence. Questions about legitimate mail join
it. queries/classes.sql has the rules, docs/classes.md explains them.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

from analytics.query.question import Question
from analytics.query.relation import Listed, Made, Relations
from analytics.query.run import Row, ask, ask_cached, made, question
from analytics.sources.catalogue import catalogue, find, named_by
from analytics.sources.labels import override_rows
from analytics.sources.recurrence import rhythm
from schemas.store.reader import Reader

__all__ = [
    "HISTORY_DAYS",
    "among",
    "by_domain",
    "catalogue_digest",
    "classified_by_rule",
    "source_class",
]

HISTORY_DAYS = 400  # look back for first seen and rhythms: a year and a month
STEADY_REPORTERS = 2  # one receiver's view does not make a rhythm

LEAST_DAYS = 3  # fewer show no rhythm


def source_class(q: Question) -> Made:
    """The classes in the question's window, under its overrides.

    May include more domains than asked about: questions filter theirs.
    """
    of_all = None if q.domain is None else _under_overrides(q.about())
    return _under_overrides(q if q.domain else q.about(), of_all)


def by_domain(q: Question, name: str, parameters: Mapping[str, Any]) -> list[Row]:
    """All rows of a question over the classes; one domain's come from the cached rows of all."""
    over: Relations = (*q.counted, source_class(q))
    if q.domain is None:
        return ask_cached(q.reader, name, parameters, *over)
    everywhere = {
        key: None if key in ("domain", "domains") else value for key, value in parameters.items()
    }
    of_all: Relations = (*q.counted, source_class(q.about()))
    return ask_cached(q.reader, name, parameters, *over, among=(everywhere, of_all))


def among(q: Question, rows: Iterable[Row]) -> list[Row]:
    """The rows whose `domain` was asked about."""
    return [row for row in rows if q.domains is None or row["domain"] in q.domains]


def _under_overrides(q: Question, wider: Made | None = None) -> Made:
    by_rule = classified_by_rule(q)
    return made(
        "source_class", "sources/source_class", q.named, by_rule, override_rows(q), wider=wider
    )


def classified_by_rule(q: Question) -> Made:
    """The classes by rule; cached, since they take seconds and no label changes them."""
    wider = None if q.domains is None else classified_by_rule(q.about())
    evidence, named, stream = _evidence(q)
    rhythms = Listed(
        "rhythm",
        "policy_domain text, source text, source_ip text, rhythm text",
        (stream.key, q.window.last, question("sources/returning")),
        lambda reader: _rhythms(reader, (evidence, stream), q.window.last),
    )
    over: Relations = (evidence, named, stream, rhythms, *_catalogue(evidence))
    last = {"last": q.window.last}
    return made("classified_by_rule", "sources/classes", last, *over, wider=wider, is_cached=True)


def _evidence(q: Question) -> tuple[Made, Made, Made]:
    """The evidence, the sender of each source, and the sums by source name."""
    since = q.window.last - timedelta(days=HISTORY_DAYS - 1)
    evidence = made("evidence", "sources/evidence", {**q.bounds, "since": since}, *q.counted)
    named = made("named", "sources/named", {}, evidence, *_catalogue(evidence))
    stream = made("stream", "sources/stream", {}, evidence, named)
    return evidence, named, stream


@cache
def catalogue_digest() -> str:
    """A hash of the catalogue, so that a new version does not use old cached answers."""
    folder = resources.files("analytics.sources")
    return hashlib.sha256(folder.joinpath("senders.toml").read_bytes()).hexdigest()


def _catalogue(evidence: Made) -> Sequence[Listed]:
    """The known senders, and which names in reports are theirs."""
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
            (known, evidence.key, question("sources/names_met")),
            lambda reader: _senders_of_domains(reader, evidence),
        ),
        Listed(
            "sender_service",
            "service text, sender text",
            (known, evidence.key, question("sources/services_met")),
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
    """Rhythms of mail that never passes, by source name (no source_ip) and by address."""
    columns = ("policy_domain", "source", "source_ip")
    steady = {"days": LEAST_DAYS, "reporters": STEADY_REPORTERS}
    for row in ask(reader, "sources/returning", steady, *over):
        if found := rhythm(row["day_bits"], row["week_bits"], last):
            yield *(row[column] for column in columns), found
