"""Lists what the advice asks a person to do, most urgent first, with a one-line summary."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from analytics.advice.verdict import Verdict
from analytics.query.run import Row
from analytics.query.statement import Certainty, named
from analytics.sources.classes import SourceClass

__all__ = ["Decision", "decisions", "headline"]

# A phrase for each verdict on one domain, and on several; "" is a domain without reports.
PHRASES: dict[str, tuple[str, str]] = {
    Verdict.ADVANCE: ("can advance", "can advance"),
    Verdict.ROLL_BACK: ("loses mail now", "lose mail now"),
    Verdict.FIX: ("needs a fix", "need a fix"),
    Verdict.WAIT: ("has to wait", "have to wait"),
    Verdict.DONE: ("is done", "are done"),
    "": ("has no reports", "have no reports"),
}


class Decision(StrEnum):
    """What to do, the most urgent first."""

    ROLL_BACK = "roll back"  # publish a record that ends a loss
    FIX = "fix"
    DECIDE = "is it yours?"
    PUBLISH = "publish"  # a record that is safe
    CHECK = "check"  # the feed, or a domain that looks parked


DEFAULTS = {"adkim": "r", "aspf": "r", "t": "n"}  # RFC 9989 §4.7
RANK = {kind: place for place, kind in enumerate(Decision)}


def decisions(advice: Iterable[Row]) -> list[Row]:
    """Rows of `kind, domain, source, what, todo, record, messages, certainty` from the rows of
    `advise`, the most urgent first. A domain that only has to wait has none."""
    found = [each for row in advice for each in _of_domain(row)]
    return sorted(
        found,
        key=lambda row: (RANK[row["kind"]], -row["messages"], row["domain"], row["source"] or ""),
    )


def _of_domain(row: Row) -> Iterator[Row]:
    verdict, reason = row["verdict"], f"{row['reason']}."
    if verdict == Verdict.ROLL_BACK:
        lost = sum(each["messages"] for each in row["blockers"])
        yield _decision(Decision.ROLL_BACK, row, reason, _publish(row), lost, row["record"])
    elif verdict == Verdict.ADVANCE:
        messages = row["window"]["legitimate"]
        yield _decision(Decision.PUBLISH, row, reason, _publish(row), messages, row["record"])
    elif row["blockers"]:
        yield from (_blocker(row, each) for each in row["blockers"])
    elif is_mute(row):
        todo = "Check that reports arrive (rua status) and that rua in its record has an address."
        yield _decision(Decision.CHECK, row, reason, todo, row["window"]["messages"], None)
    elif reason.startswith("looks parked"):
        todo = "If it sends no mail, set parked = true in the settings."
        yield _decision(Decision.CHECK, row, reason, todo, row["window"]["messages"], None)


def is_mute(row: Row) -> bool:
    """Whether the reason is missing reports: they have stopped, or none has ever arrived."""
    return bool(row["reason"].startswith("no report"))


def _publish(row: Row) -> str:
    note = f" {row['record_note']}." if row["record_note"] else ""
    return f"Publish the record for _dmarc.{row['domain']}: {_changed(row)}.{note}"


def _changed(row: Row) -> str:
    """The changes in the record; a tag that becomes its default is removed."""
    parts = []
    for tag, value in row["changes"].items():
        was = row["published"].get(tag)
        if value is None or value == DEFAULTS.get(tag):
            parts.append(f"without {tag}={was}" if was else f"without {tag}")
        elif was in (None, value):
            parts.append(f"{tag}={value}")
        else:
            parts.append(f"{tag}={value} instead of {tag}={was}")
    return ", ".join(parts)


def _blocker(row: Row, blocker: Row) -> Row:
    is_unknown = blocker["class"] == SourceClass.UNDECIDED
    kind = Decision.DECIDE if is_unknown else Decision.FIX
    made = _decision(
        kind,
        row,
        f"{named(blocker['source'])}: {blocker['reason']}.",
        blocker["remedy"],
        blocker["messages"],
        None,
    )
    sure = Certainty.NOT_KNOWN if is_unknown else Certainty.INFERRED
    return made | {"source": blocker["source"], "certainty": sure.value}


def _decision(
    kind: Decision, row: Row, what: str, todo: str, messages: int, record: str | None
) -> Row:
    return {
        "kind": kind.value,
        "domain": row["domain"],
        "source": None,
        "what": what,
        "todo": todo,
        "record": record,
        "messages": messages,
        "certainty": Certainty.INFERRED.value,
    }


def headline(names: Sequence[str], advice: Sequence[Row]) -> str:
    """The state of some domains in one sentence: 3 of 7 domains can advance; 1 loses mail now."""
    counts = {each: sum(row["verdict"] == each for row in advice) for each in PHRASES}
    counts[""] = len(names) - len(advice)
    if not names:
        return "There are no domains."
    if len(names) == 1:
        (only,) = (each for each, count in counts.items() if count)
        return f"The domain {PHRASES[only][0]}."
    parts = [_part(count, *PHRASES[each]) for each, count in counts.items() if count]
    whole = f"{len(names):,} domains"
    if counts[Verdict.ADVANCE]:
        parts[0] = f"{counts[Verdict.ADVANCE]:,} of {whole} can advance"
        return f"{'; '.join(parts)}."
    return f"Of {whole} {'; '.join(parts)}."


def _part(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
