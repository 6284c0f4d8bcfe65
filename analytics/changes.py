"""What changed against the days before, the largest consequence first.

`changes` answers for two spans of days; `compare` takes what was gathered of them already. Nothing
is compared that the same span would not show again: a policy is that of most reports of a day, and
a pass rate has moved only where the two intervals do not touch.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import chain

from analytics.ask import Row
from analytics.facts import Facts, gather
from analytics.feed import reporters
from analytics.labels import Word
from analytics.standing import LEVELS
from analytics.window import Window
from schemas.store import Connection
from schemas.text import cell

__all__ = ["Certainty", "Kind", "changes", "compare", "named", "ordered", "quiet_reporters"]

LONGEST_NAME = 80
FAILS = 5  # messages that fail: fewer say nothing of a source
FLOOR = 0.95  # of a source's legitimate mail (rate_of_source of the gates)
SURGE_MESSAGES, SURGE_TIMES = 50, 2


class Certainty(StrEnum):
    """How sure a sentence is."""

    OBSERVED = "observed"  # reports say so
    INFERRED = "inferred"  # it follows from what they say, by our rules
    NOT_KNOWN = "not known"  # they do not tell


class Kind(StrEnum):
    """What changed, the gravest first."""

    LOSS = "loss"  # an enforcing policy loses mail now
    BROKEN = "broken"  # mail of a source of ours fails that passed before
    NO_REPORTS = "no reports"  # of a domain, which had some
    RATE_FELL = "pass rate fell"
    POLICY_WEAKER = "policy weaker"
    NEW_UNDECIDED = "new undecided source"
    REPORTER_SILENT = "reporter silent"
    SPOOFING = "spoofing"
    VERDICT = "verdict"
    POLICY = "policy"
    NEW_SOURCE = "new source"
    GONE = "source gone"
    MENDED = "mended"
    RATE_ROSE = "pass rate rose"
    REPORTER_BACK = "reporter back"


RANK = {kind: place for place, kind in enumerate(Kind)}


def changes(
    con: Connection,
    window: Window,
    before: Window,
    words: Sequence[Word] = (),
    domains: Collection[str] | None = None,
    advice: Iterable[Row] = (),
    verdicts: Mapping[str, str] | None = None,
) -> list[Row]:
    """What `window` shows that `before` did not: rows of `kind, domain, source, text, messages,
    certainty, link`, the largest consequence first.

    `text` is a sentence in which strangers' names are plain text, yet to be escaped for where it
    is shown; `link` is {to: source | domain | advice | reporters, …}. `domains` None means all.
    Verdicts are compared where they are given: `advice` are the rows of `advise` as of the window's
    last day, `verdicts` {domain: verdict} those of the days before.
    """
    named_domains = None if domains is None else sorted(domains)
    then, now = gather(con, before, words), gather(con, window, words)
    if domains is not None:
        then, now = then.of(domains), now.of(domains)
    silence = quiet_reporters(con, window, before, named_domains)
    return compare(now, then, advice, verdicts or {}, silence)


def compare(
    now: Facts,
    then: Facts,
    advice: Iterable[Row] = (),
    verdicts: Mapping[str, str] | None = None,
    silence: Iterable[Row] = (),
) -> list[Row]:
    """The changes between two spans; the advice is that on the same domains."""
    told = _verdicts(advice, verdicts or {})
    found = chain(_domains(now, then), _sources(now, then), _spoofing(now, then), told, silence)
    return ordered(found)


def ordered(rows: Iterable[Row]) -> list[Row]:
    """The largest consequence first: by kind, then by messages."""
    return sorted(
        rows,
        key=lambda row: (
            RANK[row["kind"]],
            -(row["messages"] or 0),
            row["domain"] or "",
            row["source"] or "",
        ),
    )


def quiet_reporters(
    con: Connection, window: Window, before: Window, domains: Sequence[str] | None = None
) -> list[Row]:
    """Who fell silent in the window, and who came back."""
    now = {row["reporter"]: row for row in reporters(con, window.last, domains)}
    then = {row["reporter"]: row for row in reporters(con, before.last, domains)}
    found = []
    for name, row in now.items():
        was = then.get(name, {}).get("is_missing", False)
        if row["is_missing"] and not was:
            text = f"{named(name)} sends no more reports; its last was of {row['last_day']}."
            found.append(_reporter(Kind.REPORTER_SILENT, name, text))
        elif was and not row["is_missing"]:
            text = f"{named(name)} sends reports again."
            found.append(_reporter(Kind.REPORTER_BACK, name, text))
    return found


def _reporter(kind: Kind, name: str, text: str) -> Row:
    link = {"to": "reporters", "reporter": name}
    return _change(kind, None, None, text, None, Certainty.OBSERVED, link)


def _domains(now: Facts, then: Facts) -> Iterator[Row]:
    before = then.by_domain()
    for row in now.domains:
        was = before.get(row["domain"])
        if was is None:
            continue  # no report before: nothing to hold it against
        yield from _feed(row, was)
        yield from _rate(row, was)
        yield from _policy(row["domain"], now.policies, then.policies)


def _feed(row: Row, was: Row) -> Iterator[Row]:
    if was["reports"] and not row["reports"]:
        text = f"No report of these days is about it; {_some(was['reports'], 'report')} before."
        yield _of_domain(Kind.NO_REPORTS, row, text, was["messages"], Certainty.OBSERVED)


def _rate(row: Row, was: Row) -> Iterator[Row]:
    if not (row["enough"] and was["enough"]):
        return
    (low, high), (low_then, high_then) = row["interval"], was["interval"]
    if low <= high_then and low_then <= high:
        return
    kind = Kind.RATE_FELL if high < low_then else Kind.RATE_ROSE
    verb = "fell" if kind is Kind.RATE_FELL else "rose"
    text = (
        f"The legitimate pass rate {verb} from {_percent(was)} to {_percent(row)}, beyond both"
        " intervals."
    )
    fails = row["legitimate"] - row["legitimate_aligned"]
    yield _of_domain(kind, row, text, fails, Certainty.INFERRED)


def _policy(domain: str, now: Mapping[str, Row], then: Mapping[str, Row]) -> Iterator[Row]:
    policy, was = now.get(domain), then.get(domain)
    if policy is None or was is None or policy == was:
        return
    tags = [
        f"{tag}={was[tag]} is now {tag}={policy[tag]}" for tag in policy if policy[tag] != was[tag]
    ]
    is_weaker = any(_level(policy[tag]) < _level(was[tag]) for tag in ("p", "sp"))
    kind = Kind.POLICY_WEAKER if is_weaker else Kind.POLICY
    text = f"Reports show another policy: {', '.join(tags)}."
    yield _of_domain(kind, {"domain": domain}, text, None, Certainty.OBSERVED)


def _level(word: str) -> int:
    """RFC 9989 §4.7: an unknown policy is none."""
    return LEVELS.index(word) if word in LEVELS else 0


def _sources(now: Facts, then: Facts) -> Iterator[Row]:
    here, before = now.by_source(), then.by_source()
    for key, row in here.items():
        was = before.get(key)
        if row["class"] not in ("own", "broken", "undecided"):
            continue  # forwarders, lists and abuse come and go
        if row["first_seen"] >= now.window.first:
            yield _new(row)
        elif _is_failing(row) and not (was and _is_failing(was)):
            yield _failing(row, was)
        elif was and _is_failing(was) and row["legitimate"] and not _is_failing(row):
            text = f"{named(row['source'])} passes: {_passing(row)}; before, {_passing(was)}."
            yield _of_source(Kind.MENDED, row, text, row["legitimate"], Certainty.OBSERVED)
    reported = {row["domain"] for row in now.domains if row["reports"]}
    absent = (was for key, was in before.items() if key not in here)
    yield from (_gone(was) for was in absent if _is_steady(was) and was["domain"] in reported)


def _new(row: Row) -> Row:
    size = _some(row["messages"], "message")
    name, first = named(row["source"]), row["first_seen"]
    if row["class"] == "undecided":
        text = f"{name} sends as this domain since {first}: {size}. Whose it is, is not known."
        return _of_source(Kind.NEW_UNDECIDED, row, text, row["messages"], Certainty.NOT_KNOWN)
    told = "it passes" if row["class"] == "own" else "it looks like yours and fails"
    text = f"{name} sends as this domain since {first}: {size}, and {told}."
    kind = Kind.NEW_SOURCE if row["class"] == "own" else Kind.BROKEN
    return _of_source(kind, row, text, row["messages"], Certainty.INFERRED)


def _failing(row: Row, was: Row | None) -> Row:
    fails = row["legitimate"] - row["legitimate_aligned"]
    before = f"before, {_passing(was)}" if was and was["legitimate"] else "it sent nothing before"
    text = f"{named(row['source'])} fails: {_passing(row)}; {before}."
    return _of_source(Kind.BROKEN, row, text, fails, Certainty.OBSERVED)


def _gone(was: Row) -> Row:
    size = _some(was["messages"], "message")
    text = f"{named(was['source'])} sent nothing these days; before, {size}."
    return _of_source(Kind.GONE, was, text, was["messages"], Certainty.OBSERVED)


def _is_failing(row: Row) -> bool:
    fails = row["legitimate"] - row["legitimate_aligned"]
    return bool(fails >= FAILS and fails > (1 - FLOOR) * row["legitimate"])


def _is_steady(row: Row) -> bool:
    """Who sends once a month is not gone after a week; who sent on most working days is."""
    return bool(row["class"] in ("own", "broken") and row["days"] >= 4)


def _spoofing(now: Facts, then: Facts) -> Iterator[Row]:
    before = then.by_domain()
    for row in now.domains:
        count = row["classes"]["spoof"]
        was = before.get(row["domain"], {}).get("classes", {}).get("spoof", 0)
        if count >= SURGE_MESSAGES and count >= SURGE_TIMES * was:
            text = f"Spoofing rose to {_some(count, 'message')}; before, {was:,}."
            yield _of_domain(Kind.SPOOFING, row, text, count, Certainty.INFERRED)


def _verdicts(advice: Iterable[Row], verdicts: Mapping[str, str]) -> Iterator[Row]:
    for row in advice:
        was = verdicts.get(row["domain"])
        if was in (None, row["verdict"]):
            continue
        kind = Kind.LOSS if row["verdict"] == "roll-back" else Kind.VERDICT
        text = f"The verdict is {row['verdict']}, and was {was}: {cell(row['reason'])}."
        messages = row["window"]["messages"]
        yield _of_domain(kind, row, text, messages, Certainty.INFERRED, to="advice")


def _of_domain(
    kind: Kind, row: Row, text: str, messages: int | None, sure: Certainty, to: str = "domain"
) -> Row:
    link = {"to": to, "domain": row["domain"]}
    return _change(kind, row["domain"], None, text, messages, sure, link)


def _of_source(kind: Kind, row: Row, text: str, messages: int, sure: Certainty) -> Row:
    domain, source = row["domain"], row["source"]
    link = {"to": "source", "domain": domain, "source": source}
    return _change(kind, domain, source, text, messages, sure, link)


def _change(
    kind: Kind,
    domain: str | None,
    source: str | None,
    text: str,
    messages: int | None,
    certainty: Certainty,
    link: Row,
) -> Row:
    return {
        "kind": kind.value,
        "domain": domain,
        "source": source,
        "text": text,
        "messages": messages,
        "certainty": certainty.value,
        "link": link,
    }


def named(name: str) -> str:
    """A stranger's name within a sentence: one line, and short."""
    text = cell(name)
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def _passing(row: Row) -> str:
    return f"{row['legitimate_aligned']:,} of {_some(row['legitimate'], 'message')} pass"


def _percent(row: Row) -> str:
    """Rounded down: only what passes whole is 100 %."""
    tenths = row["legitimate_aligned"] * 1000 // row["legitimate"]
    return "100 %" if tenths == 1000 else f"{tenths / 10:.1f} %"


def _some(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
