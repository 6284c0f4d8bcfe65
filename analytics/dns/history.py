"""What DNS published about domains, kept with its dates: asked again, and told as of any as_of.

An answer is asked for again after an hour, an error after 5 minutes. A row of `dns_snapshot` is
added when an answer differs from the one before or that is 7 days old. An error takes nothing back:
what was known before stands for 7 days more.
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
    """What a refresh did: how many domains and questions it asked, how many questions failed,
    answers that are new or differ, and domains that were not reached in time. `is_dead`: DNS does
    not answer at all, and no error was kept."""

    domains: int = 0
    questions: int = 0
    failed: int = 0
    changed: int = 0
    left: int = 0
    is_dead: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """The DMARC record that applies to a domain was first seen to be another one at `seen_at`."""

    seen_at: datetime
    before: Published | None
    after: Published


def names_to_ask(q: Question) -> dict[str, list[str]]:
    """Names below each policy domain that mail of the window came from, most mail first.

    At most 50 of a domain: a forged report may hold thousands.
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
    """Ask about normalised domains, and whether names below them exist, what is due; keep it.

    `now` is UTC without a zone. Nobody is locked out while DNS is asked, and trouble of DNS is an
    outcome. Offline, nothing is asked. Raises StoreError.
    """
    if dns.offline or not domains:
        return Refreshed()
    with store.read() as reader:
        wanted = _due(reader, domains, names_by_domain, now)
    if not wanted:
        return Refreshed()
    from analytics.dns.lookup import Asking  # asyncio and DNS load only where something is due

    asking = Asking(dns, wanted)
    asking.run()
    kept = {
        domain: {
            asked: a for asked, a in answers.items() if not (asking.is_dead and a.outcome.is_error)
        }
        for domain, answers in asking.answers.items()
    }
    changed = _keep(store, kept, now) if any(kept.values()) else 0
    asked = [answer for answers in asking.answers.values() for answer in answers.values()]
    return Refreshed(
        domains=len(asking.answers),
        questions=len(asked),
        failed=sum(answer.outcome.is_error for answer in asked),
        changed=changed,
        left=len(wanted) - len(asking.answers),
        is_dead=asking.is_dead,
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


def _keep(store: Store, answers: Mapping[str, Mapping[DnsQuestion, Answer]], now: datetime) -> int:
    """One short transaction; returns how many answers are new or differ from the last ones."""
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
        _move_on(con, same, now)
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


def _move_on(con: Connection, rows: Sequence[tuple[object, ...]], now: datetime) -> None:
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
    """What was known at a as_of (UTC, without a zone); None where DNS had not been asked.

    Looks at nothing that was asked later. `asked_at` is when the answer about the domain's own
    DMARC record was last confirmed, as far as the as_of tells.
    """
    return published_of(reader, as_of, [domain]).get(domain)


def published_of(
    reader: Reader, as_of: datetime, domains: Sequence[str] | None = None
) -> dict[str, Published]:
    """The same of many domains at once, None meaning all; those that were asked for."""
    rows: dict[str, list[Row]] = {}
    named = None if domains is None else list(domains)
    for row in ask(reader, "dns/dns_snapshot", {"domains": named, "as_of": as_of}):
        rows.setdefault(row["domain"], []).append(row)
    found = ((name, _told(name, told, as_of)) for name, told in rows.items())
    return {name: published for name, published in found if published is not None}


def _told(domain: str, rows: Sequence[Row], as_of: datetime) -> Published | None:
    known = _known(rows, as_of)
    own = known.get(record_question(domain))
    if own is None:
        return None
    answers = {question: _answer(row) for question, row in known.items()}
    return put_together(domain, _confirmed(own, as_of), answers)


def _known(rows: Iterable[Row], as_of: datetime) -> dict[DnsQuestion, Row]:
    """The row that stands for each question, of rows from the oldest to the newest."""
    found: dict[DnsQuestion, Row] = {}
    for row in rows:
        question = (row["name"], row["type"])
        before = found.get(question)
        if before is None or not _outlives(before, row, as_of):
            found[question] = row
    return found


def _outlives(before: Row, row: Row, as_of: datetime) -> bool:
    """Whether what was known before stands against an error."""
    if not Outcome(row["outcome"]).is_error or Outcome(before["outcome"]).is_error:
        return False
    return _confirmed(row, as_of) - _confirmed(before, as_of) < STANDS


def _confirmed(row: Row, as_of: datetime) -> datetime:
    """When it was last asked, or first, where that is all that the as_of can know."""
    asked: datetime = row["last_asked_at"] if row["last_asked_at"] <= as_of else row["asked_at"]
    return asked


def _answer(row: Row) -> Answer:
    return Answer(Outcome(row["outcome"]), tuple(row["data"]))


def changes(reader: Reader, domain: str, as_of: datetime | None = None) -> list[Change]:
    """How the DMARC record that applies to a domain changed in DNS, the oldest first.

    Looks at nothing that was asked after the as_of (UTC, without a zone). The first one is the
    first record that was seen, or that there was none, with no `before`. Errors change nothing.
    """
    found: list[Change] = []
    before: Published | None = None
    for after in _versions(
        ask(reader, "dns/dns_snapshot", {"domains": [domain], "as_of": as_of}), domain
    ):
        if before is None or _said(before) != _said(after):
            found.append(Change(after.asked_at, before, after))
        before = after
    return found


def _versions(rows: Iterable[Row], domain: str) -> Iterator[Published]:
    """What was known each time that an answer came which differed."""
    answers: dict[DnsQuestion, Answer] = {}
    told = [row for row in rows if not Outcome(row["outcome"]).is_error and row["type"] == "TXT"]
    for place, row in enumerate(told):
        answers[row["name"], row["type"]] = _answer(row)
        is_last = place + 1 == len(told) or told[place + 1]["asked_at"] != row["asked_at"]
        if is_last:
            known = put_together(domain, row["asked_at"], answers)
            if known.outcome in (Found.FOUND, Found.NONE):
                yield replace(known, exists={})


def _said(published: Published) -> tuple[str | None, str | None, tuple[str, ...]]:
    return published.found_at, published.text, published.texts
