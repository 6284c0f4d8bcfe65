"""Detects changes between two periods, the gravest first.

`changes` answers for two windows; `compare` takes facts already gathered. Only stable differences
count: a policy is the one that most reports of a day saw, and a pass rate has changed only if the
two intervals do not overlap.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from analytics.advice.domain_state import LEVELS
from analytics.advice.verdict import Verdict
from analytics.changes.feed import quiet_reporters, tls_failures_rose
from analytics.changes.model import Kind, change, ordered
from analytics.changes.period import Facts, gather
from analytics.query.question import Question
from analytics.query.run import Row
from analytics.query.statement import Certainty, named, some
from analytics.query.statistics import allowed_failures
from analytics.query.window import Window
from analytics.sources.classes import LEGITIMATE, SourceClass
from analytics.tls.sessions import tls
from schemas.config.thresholds import Gates
from schemas.sanitize import cell

__all__ = ["changes", "compare"]

SURGE_MESSAGES, SURGE_TIMES = 50, 2


def changes(
    q: Question,
    before: Window,
    advice: Iterable[Row] = (),
    verdicts: Mapping[str, str] | None = None,
) -> list[Row]:
    """Changes from `before` to the question's window: rows of `kind, domain, source, text,
    messages, certainty, link`, the gravest first.

    `text` is a sentence with names from reports as plain text; escape it where it is shown. `link`
    is {to: source | domain | advice | reporters, …}. `advice` are the rows of `advise` as of the
    window's last day, `verdicts` {domain: verdict} of the period before; without them no verdicts
    are compared.
    """
    everything = q.about()
    then, now = gather(everything.over(before)), gather(everything)
    if q.domains is not None:
        then, now = then.of(q.domains), now.of(q.domains)
    feeds = quiet_reporters(q, before)
    tls_now, tls_then = tls(q), tls(q.over(before))
    others = [*feeds, *tls_failures_rose(tls_now, tls_then)]
    return compare(now, then, q.gates, advice, verdicts or {}, others)


def compare(
    now: Facts,
    then: Facts,
    gates: Gates,
    advice: Iterable[Row] = (),
    verdicts: Mapping[str, str] | None = None,
    others: Iterable[Row] = (),
) -> list[Row]:
    """Changes between two periods; `others` are changes already found."""
    found = chain(
        _domains(now, then),
        _sources(now, then, gates),
        _spoofing(now, then),
        _verdicts(advice, verdicts or {}),
        others,
    )
    return ordered(found)


def _domains(now: Facts, then: Facts) -> Iterator[Row]:
    before = then.by_domain()
    for row in now.domains:
        was = before.get(row["domain"])
        if was is None:
            continue  # no report before: nothing to compare with
        yield from _feed(row, was)
        yield from _rate(row, was)
        yield from _policy(row["domain"], now.policies, then.policies)


def _feed(row: Row, was: Row) -> Iterator[Row]:
    if was["reports"] and not row["reports"]:
        text = f"No reports; {some(was['reports'], 'report')} before."
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
        " 95 % intervals."
    )
    fails = row["legitimate"] - row["legitimate_aligned"]
    yield _of_domain(kind, row, text, fails, Certainty.INFERRED)


def _policy(domain: str, now: Mapping[str, Row], then: Mapping[str, Row]) -> Iterator[Row]:
    policy, was = now.get(domain), then.get(domain)
    if policy is None or was is None or policy == was:
        return
    changed = [tag for tag in policy if policy[tag] != was[tag]]
    is_weaker = any(_level(policy[tag]) < _level(was[tag]) for tag in ("p", "sp"))
    if policy["sp"] == policy["p"] and was["sp"] == was["p"]:
        changed = [tag for tag in changed if tag != "sp"]  # RFC 9989 §4.7: it follows
    tags = ", ".join(f"{tag}={was[tag]} is now {tag}={policy[tag]}" for tag in changed)
    kind = Kind.POLICY_WEAKER if is_weaker else Kind.POLICY
    text = f"Reports show a new policy: {tags}."
    yield _of_domain(kind, {"domain": domain}, text, None, Certainty.OBSERVED)


def _level(policy: str) -> int:
    """RFC 9989 §4.7: an unknown policy is none."""
    return LEVELS.index(policy) if policy in LEVELS else 0


def _sources(now: Facts, then: Facts, gates: Gates) -> Iterator[Row]:
    here, before = now.by_source(), then.by_source()
    for key, row in here.items():
        was = before.get(key)
        if row["class"] not in (*LEGITIMATE, SourceClass.UNDECIDED):
            continue  # forwarders, lists and spoofing come and go
        if row["first_seen"] >= now.window.first:
            yield _new(row)
        elif _is_failing(row, gates) and not (was and _is_failing(was, gates)):
            yield _failing(row, was)
        elif was and _is_failing(was, gates) and row["legitimate"] and not _is_failing(row, gates):
            text = f"{named(row['source'])} is fixed: {_passing(row)}; before, {_passing(was)}."
            yield _of_source(Kind.FIXED, row, text, row["legitimate"], Certainty.OBSERVED)
    reported = {row["domain"] for row in now.domains if row["reports"]}
    absent = (was for key, was in before.items() if key not in here)
    yield from (_gone(was) for was in absent if _is_steady(was) and was["domain"] in reported)


def _new(row: Row) -> Row:
    size = some(row["messages"], "message")
    name, first = named(row["source"]), row["first_seen"]
    if row["class"] == SourceClass.UNDECIDED:
        text = f"New: {name} has sent as this domain since {first}: {size}. Is it yours?"
        return _of_source(Kind.NEW_UNDECIDED, row, text, row["messages"], Certainty.NOT_KNOWN)
    is_own = row["class"] == SourceClass.OWN
    result = "it passes DMARC" if is_own else "it looks like yours and fails"
    text = f"New: {name} has sent as this domain since {first}: {size}; {result}."
    kind = Kind.NEW_SOURCE if is_own else Kind.BROKEN
    return _of_source(kind, row, text, row["messages"], Certainty.INFERRED)


def _failing(row: Row, was: Row | None) -> Row:
    fails = row["legitimate"] - row["legitimate_aligned"]
    before = f"before, {_passing(was)}" if was and was["legitimate"] else "it sent nothing before"
    text = f"{named(row['source'])} fails: {_passing(row)}; {before}."
    return _of_source(Kind.BROKEN, row, text, fails, Certainty.OBSERVED)


def _gone(was: Row) -> Row:
    size = some(was["messages"], "message")
    text = f"{named(was['source'])} sent nothing; before, {size}."
    return _of_source(Kind.GONE, was, text, was["messages"], Certainty.OBSERVED)


def _is_failing(row: Row, gates: Gates) -> bool:
    fails = row["legitimate"] - row["legitimate_aligned"]
    enough = fails >= gates.break_messages  # fewer prove nothing
    return bool(enough and fails > allowed_failures(gates.rate_of_source, row["legitimate"]))


def _is_steady(row: Row) -> bool:
    """Sent on at least 4 days: a monthly sender is not gone after a week without mail."""
    return bool(row["class"] in LEGITIMATE and row["days"] >= 4)


def _spoofing(now: Facts, then: Facts) -> Iterator[Row]:
    before = then.by_domain()
    for row in now.domains:
        count = row["classes"]["spoof"]
        was = before.get(row["domain"], {}).get("classes", {}).get("spoof", 0)
        if count >= SURGE_MESSAGES and count >= SURGE_TIMES * was:
            text = f"Spoofing rose to {some(count, 'message')}; before, {was:,}."
            yield _of_domain(Kind.SPOOFING, row, text, count, Certainty.INFERRED)


def _verdicts(advice: Iterable[Row], verdicts: Mapping[str, str]) -> Iterator[Row]:
    for row in advice:
        was = verdicts.get(row["domain"])
        if was in (None, row["verdict"]):
            continue
        kind = Kind.LOSS if row["verdict"] == Verdict.ROLL_BACK else Kind.VERDICT
        text = f"The verdict changed from {was} to {row['verdict']}: {cell(row['reason'])}."
        messages = row["window"]["messages"]
        yield _of_domain(kind, row, text, messages, Certainty.INFERRED, to="advice")


def _of_domain(
    kind: Kind, row: Row, text: str, messages: int | None, sure: Certainty, to: str = "domain"
) -> Row:
    link = {"to": to, "domain": row["domain"]}
    return change(kind, row["domain"], None, text, messages, sure, link)


def _of_source(kind: Kind, row: Row, text: str, messages: int, sure: Certainty) -> Row:
    domain, source = row["domain"], row["source"]
    link = {"to": "source", "domain": domain, "source": source}
    return change(kind, domain, source, text, messages, sure, link)


def _passing(row: Row) -> str:
    return f"{row['legitimate_aligned']:,} of {some(row['legitimate'], 'message')} pass"


def _percent(row: Row) -> str:
    """The pass rate, rounded down: 100 % only if everything passes."""
    tenths = row["legitimate_aligned"] * 1000 // row["legitimate"]
    return "100 %" if tenths == 1000 else f"{tenths / 10:.1f} %"
