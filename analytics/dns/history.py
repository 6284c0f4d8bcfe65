"""Stores DNS answers about domains with their dates, and answers as of any time.

An answer is asked for again after an hour, an error after 5 minutes. `dns_snapshot` gets a row when
an answer differs from the last one, or when the last row is 7 days old. After an error the last
answer stays valid for 7 days.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from analytics.dns.lookup_types import Answer, DnsQuestion, Outcome, Wanted
from analytics.dns.policy_discovery import Found, Published, put_together, record_question
from analytics.query.question import Question
from analytics.query.run import Row, ask
from schemas.config.settings import Dns
from schemas.store.reader import Reader
from schemas.store.store import Connection, Store

__all__ = [
    "Change",
    "Refreshed",
    "changes",
    "names_to_ask",
    "published_of",
    "published_on",
    "refresh",
]

FRESH = timedelta(hours=1)
FRESH_ERROR = timedelta(minutes=5)
STANDS = timedelta(days=7)
MOST_NAMES = 50


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did: domains and questions asked, questions that failed, answers that are new
    or changed, and domains `left` for lack of time. `is_dead`: DNS does not answer at all, and no
    error was stored."""

    domains: int = 0
    questions: int = 0
    failed: int = 0
    changed: int = 0
    left: int = 0
    is_dead: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the DMARC record that applies to a domain, first seen at `seen_at`."""

    seen_at: datetime
    before: Published | None
    after: Published


def names_to_ask(q: Question) -> dict[str, list[str]]:
    """Names below each policy domain that sent mail in the window, most mail first.

    At most 50 for each domain: a forged report may contain thousands.
    """
    bounds = {**q.days, "most": MOST_NAMES}
    found: dict[str, list[str]] = {}
    for row in ask(q.reader, "dns/names_to_ask", bounds):
        found.setdefault(row["domain"], []).append(row["name"])
    return found


def refresh(
    store: Store,
    dns: Dns,
    domains: Sequence[str],
    names_by_domain: Mapping[str, Sequence[str]],
    now: datetime,
) -> Refreshed:
    """Ask DNS what is due about normalised domains and the names below them; store the answers.

    `now` is UTC without a zone. The store is not locked during DNS queries, and DNS errors are
    outcomes. Offline, nothing is asked. Raises StoreError.
    """
    if dns.offline or not domains:
        return Refreshed()
    with store.read() as reader:
        wanted = _due(reader, domains, names_by_domain, now)
    if not wanted:
        return Refreshed()
    from analytics.dns.lookup import Lookup  # asyncio and DNS load only when something is due

    lookup = Lookup(dns, wanted)
    lookup.run()
    to_store = {
        domain: {
            asked: a for asked, a in answers.items() if not (lookup.is_dead and a.outcome.is_error)
        }
        for domain, answers in lookup.answers.items()
    }
    changed = _store(store, to_store, now) if any(to_store.values()) else 0
    asked = [answer for answers in lookup.answers.values() for answer in answers.values()]
    return Refreshed(
        domains=len(lookup.answers),
        questions=len(asked),
        failed=sum(answer.outcome.is_error for answer in asked),
        changed=changed,
        left=len(wanted) - len(lookup.answers),
        is_dead=lookup.is_dead,
    )


def _due(
    reader: Reader,
    domains: Sequence[str],
    names_by_domain: Mapping[str, Sequence[str]],
    now: datetime,
) -> list[Wanted]:
    chosen = list(dict.fromkeys(domains))
    values = {
        "domains": chosen,
        "now": now,
        "since": now - FRESH,
        "errors_since": now - FRESH_ERROR,
    }
    rows = ask(reader, "dns/dns_asked", values)
    fresh = {(row["domain"], (row["name"], row["type"])) for row in rows}
    found = []
    for domain in chosen:
        met = dict.fromkeys(names_by_domain.get(domain, ()))
        names = [name for name in met if (domain, (name, "A")) not in fresh][:MOST_NAMES]
        is_due = (domain, record_question(domain)) not in fresh
        if is_due or names:
            found.append(Wanted(domain, names, records=is_due))
    return found


def _store(store: Store, answers: Mapping[str, Mapping[DnsQuestion, Answer]], now: datetime) -> int:
    """Store answers in one short transaction; returns how many are new or changed."""
    with store.write(changes_reports=False) as con:
        con.execute("begin")
        last = {
            (row["domain"], row["name"], row["type"], Outcome(row["outcome"]).is_error): row
            for row in ask(Reader.on(con), "dns/dns_last", {"domains": list(answers), "now": now})
        }
        new: list[tuple[object, ...]] = []
        same: list[tuple[object, ...]] = []
        changed = 0
        for domain, found in answers.items():
            for (name, kind), answer in found.items():
                before = last.get((domain, name, kind, answer.outcome.is_error))
                is_same = before is not None and _answer(before) == answer
                changed += not is_same
                if before is not None and is_same and now - before["asked_at"] < STANDS:
                    same.append((domain, before["asked_at"], name, kind, answer.outcome.value))
                else:
                    new.append((domain, name, kind, answer.outcome.value, list(answer.data)))
        _add(con, new, now)
        _confirm(con, same, now)
        con.execute("commit")
    return changed


def _add(con: Connection, rows: Sequence[tuple[object, ...]], now: datetime) -> None:
    if rows:
        con.execute(
            """
            insert into dns_snapshot (domain, asked_at, last_asked_at, name, type, outcome, data)
            select unnest($1::text[]), $6, $6, unnest($2::text[]), unnest($3::text[]),
                unnest($4::text[]), unnest($5::text[][])
            """,
            [*map(list, zip(*rows, strict=True)), now],
        )


def _confirm(con: Connection, rows: Sequence[tuple[object, ...]], now: datetime) -> None:
    if rows:
        con.execute(
            """
            update dns_snapshot set last_asked_at = $6
            from (
                select unnest($1::text[]) as domain, unnest($2::timestamp[]) as asked_at,
                    unnest($3::text[]) as name, unnest($4::text[]) as type,
                    unnest($5::text[]) as outcome
            ) as again
            where dns_snapshot.domain = again.domain
                and dns_snapshot.asked_at = again.asked_at
                and dns_snapshot.name = again.name
                and dns_snapshot.type = again.type
                and dns_snapshot.outcome = again.outcome
            """,
            [*map(list, zip(*rows, strict=True)), now],
        )


def published_on(reader: Reader, domain: str, as_of: datetime) -> Published | None:
    """What was known as of a time (UTC, without a zone); None if DNS had not been asked by then.

    Ignores later answers. `asked_at` is when the answer about the domain's own DMARC record was
    last confirmed by then.
    """
    return published_of(reader, as_of, [domain]).get(domain)


def published_of(
    reader: Reader, as_of: datetime, domains: Sequence[str] | None = None
) -> dict[str, Published]:
    """The same for many domains, None meaning all; only those that DNS was asked about."""
    rows: dict[str, list[Row]] = {}
    named = None if domains is None else list(domains)
    for row in ask(reader, "dns/dns_snapshot", {"domains": named, "as_of": as_of}):
        rows.setdefault(row["domain"], []).append(row)
    found = ((name, _published(name, snapshots, as_of)) for name, snapshots in rows.items())
    return {name: published for name, published in found if published is not None}


def _published(domain: str, rows: Sequence[Row], as_of: datetime) -> Published | None:
    known = _known(rows, as_of)
    own = known.get(record_question(domain))
    if own is None:
        return None
    answers = {question: _answer(row) for question, row in known.items()}
    return put_together(domain, _confirmed(own, as_of), answers)


def _known(rows: Iterable[Row], as_of: datetime) -> dict[DnsQuestion, Row]:
    """The valid row for each question, given rows from the oldest to the newest."""
    found: dict[DnsQuestion, Row] = {}
    for row in rows:
        question = (row["name"], row["type"])
        before = found.get(question)
        if before is None or not _outlives(before, row, as_of):
            found[question] = row
    return found


def _outlives(before: Row, row: Row, as_of: datetime) -> bool:
    """Whether the answer before stays valid after an error."""
    if not Outcome(row["outcome"]).is_error or Outcome(before["outcome"]).is_error:
        return False
    return _confirmed(row, as_of) - _confirmed(before, as_of) < STANDS


def _confirmed(row: Row, as_of: datetime) -> datetime:
    """When the answer was last confirmed by `as_of`."""
    asked: datetime = row["last_asked_at"] if row["last_asked_at"] <= as_of else row["asked_at"]
    return asked


def _answer(row: Row) -> Answer:
    return Answer(Outcome(row["outcome"]), tuple(row["data"]))


def changes(reader: Reader, domain: str, as_of: datetime | None = None) -> list[Change]:
    """Changes in DNS of the DMARC record that applies to a domain, the oldest first.

    Ignores answers after `as_of` (UTC, without a zone). The first change has no `before`: it is the
    first record seen, or that there was none. Errors change nothing.
    """
    found: list[Change] = []
    before: Published | None = None
    for after in _versions(
        ask(reader, "dns/dns_snapshot", {"domains": [domain], "as_of": as_of}), domain
    ):
        if before is None or _record_key(before) != _record_key(after):
            found.append(Change(after.asked_at, before, after))
        before = after
    return found


def _versions(rows: Iterable[Row], domain: str) -> Iterator[Published]:
    """What was known after each answer that differed from the one before."""
    answers: dict[DnsQuestion, Answer] = {}
    texts = [row for row in rows if not Outcome(row["outcome"]).is_error and row["type"] == "TXT"]
    for place, row in enumerate(texts):
        answers[row["name"], row["type"]] = _answer(row)
        is_last = place + 1 == len(texts) or texts[place + 1]["asked_at"] != row["asked_at"]
        if is_last:
            known = put_together(domain, row["asked_at"], answers)
            if known.outcome in (Found.FOUND, Found.NONE):
                yield replace(known, exists={})


def _record_key(published: Published) -> tuple[str | None, str | None, tuple[str, ...]]:
    return published.found_at, published.text, published.texts
