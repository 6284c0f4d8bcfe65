"""Each source's class for a domain: own, broken, forwarder, list, spoof or undecided.

`classify` leaves the temporary table `source_class` in a connection, one row per (policy domain,
source address) with mail in the window: the class with the rule or the owner's word that gave it,
and the evidence. Every question that tells own mail from other joins it. The rules stand in
queries/classes.sql and, in words, in docs/classes.md.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from importlib import resources

from analytics.query.result_cache import Kept
from analytics.query.run import ask, question
from analytics.query.window import Window
from analytics.sources.catalogue import catalogue, find, named_by
from analytics.sources.labels import Word, overlay
from analytics.sources.recurrence import rhythm
from schemas.store.store import Connection

__all__ = ["CLASSES", "HISTORY_DAYS", "classify"]

CLASSES = ("own", "broken", "forwarder", "list", "spoof", "undecided")
HISTORY_DAYS = 400  # looked back on for a first sight and a rhythm: a year and a month
STEADY_REPORTERS = 2  # one receiver's view is no steadiness

LEAST_DAYS = 3  # no rhythm shows in fewer

QUESTIONS = (
    "sources/evidence",
    "sources/named",
    "sources/stream",
    "sources/returning",
    "sources/classes",
)


def classify(
    con: Connection,
    window: Window,
    words: Sequence[Word] = (),
    domains: Sequence[str] | None = None,
) -> None:
    """Make `source_class` in `con`, unless it is there; `domains` None means all.

    It may hold more domains than were asked for: questions name theirs.
    """
    only = None if domains is None else sorted(domains)
    picks = ", ".join(f"getvariable('{name}')" for name in ("ruled", "spoken", "proven_domains"))
    ruled, spoken, proven = con.execute(f"select {picks}").fetchall()[0]
    everything = repr((window.first, window.last, None, proven))
    asked = repr((window.first, window.last, only, proven))
    if ruled == everything or (ruled != asked and _kept(con, everything).found() is not None):
        asked = everything
    if ruled != asked:
        _classify_by_rule(con, window, domains, asked)
        con.execute("set variable ruled = $1", [asked])
    said, of_all = repr((words, only)), repr((words, None))
    if ruled != asked or spoken not in (said, of_all):
        overlay(con, words, domains)
        con.execute("set variable spoken = $1", [said])


def _classify_by_rule(
    con: Connection, window: Window, domains: Sequence[str] | None, asked: str
) -> None:
    kept = _kept(con, asked)
    if kept.restore("classified_by_rule"):
        return
    _gather(con, window, domains)
    _make(con, "ruled", question("sources/classes"), {"last": window.last})
    con.execute("create or replace temp view classified_by_rule as from ruled")
    kept.keep("ruled")


def _kept(con: Connection, asked: str) -> Kept:
    return Kept(con, "classes", asked + _rules_digest())


@cache
def _rules_digest() -> str:
    """Changes with the rules and the catalogue: a newer rua keeps nothing of an older one's."""
    texts = [question(name) for name in QUESTIONS]
    texts.append(
        resources.files("analytics").joinpath("sources", "senders.toml").read_text("utf-8")
    )
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _gather(con: Connection, window: Window, domains: Sequence[str] | None) -> None:
    """The evidence, whose each source is, and its rhythm, as temporary tables."""
    bounds = {
        "since": window.last - timedelta(days=HISTORY_DAYS - 1),
        "first": window.first,
        "last": window.last,
        "domains": None if domains is None else list(domains),
    }
    _make(con, "evidence", question("sources/evidence"), bounds)
    _put_catalogue(con)
    _make(con, "named", question("sources/named"))
    _make(con, "stream", question("sources/stream"))
    _put_rhythms(con, window.last)


def _make(
    con: Connection, table: str, select: str, parameters: Mapping[str, object] | None = None
) -> None:
    con.execute(f"create or replace temp table {table} as {select}", dict(parameters or {}))


def _put(con: Connection, table: str, columns: str, rows: Iterable[Sequence[object]]) -> None:
    """A small temporary table of Python's."""
    con.execute(f"create or replace temp table {table} ({columns})")
    listed = [list(row) for row in rows]
    if listed:
        width = len(listed[0])
        picks = ", ".join(f"unnest(${n})" for n in range(1, width + 1))
        lists = [list(column) for column in zip(*listed, strict=True)]
        con.execute(f"insert into {table} select {picks}", lists)


def _put_catalogue(con: Connection) -> None:
    """The known senders, and which of the names met in reports are theirs."""
    senders = catalogue()
    columns = "id text, name text, kind text, shared boolean, forwards boolean"
    rows = [(each.id, each.name, each.kind.value, each.shared, each.forwards) for each in senders]
    _put(con, "sender", columns, rows)
    networks = ((each.id, asn, each.asns_only) for each in senders for asn in each.asns)
    _put(con, "sender_network", "sender text, asn bigint, alone boolean", networks)
    met = ask(con, "sources/names_met", {})
    claimed = ((row, named_by(row["identity"], row["domain"])) for row in met)
    domains = ((row["identity"], row["domain"], one.id) for row, one in claimed if one)
    _put(con, "sender_domain", "identity text, domain text, sender text", domains)
    services = (
        (row["service"], find(row["service"])) for row in ask(con, "sources/services_met", {})
    )
    known = ((service, one.id) for service, one in services if one)
    _put(con, "sender_service", "service text, sender text", known)


def _put_rhythms(con: Connection, last: date) -> None:
    """Rhythms of what never passes: of each stream (no source_ip), and of each address."""
    rows = [
        (row["policy_domain"], row["source"], row["source_ip"], found)
        for row in ask(
            con, "sources/returning", {"days": LEAST_DAYS, "reporters": STEADY_REPORTERS}
        )
        if (found := rhythm(row["day_bits"], row["week_bits"], last))
    ]
    _put(con, "rhythm", "policy_domain text, source text, source_ip text, rhythm text", rows)
