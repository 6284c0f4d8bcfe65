"""What of the advice asks somebody to do something, most urgent first, and its sum in a line."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from analytics.query.run import Row
from analytics.query.statement import Certainty, named

__all__ = ["Decision", "decisions", "headline"]

# What each verdict says of one domain, and of several; "" is one that no report has come about.
PHRASES = {
    "advance": ("can go ahead", "can go ahead"),
    "roll-back": ("loses mail now", "lose mail now"),
    "fix": ("has something to mend", "have something to mend"),
    "wait": ("has to wait", "have to wait"),
    "done": ("is done", "are done"),
    "": ("has no reports", "have no reports"),
}


class Decision(StrEnum):
    """What is asked for, the most urgent first."""

    ROLL_BACK = "roll back"  # publish a record that ends a loss
    MEND = "mend"
    DECIDE = "say whose it is"
    PUBLISH = "publish"  # a record that is safe
    CHECK = "check"  # the feed, or a domain that looks parked


DEFAULTS = {"adkim": "r", "aspf": "r", "t": "n"}  # RFC 9989 §4.7
RANK = {kind: place for place, kind in enumerate(Decision)}


def decisions(advice: Iterable[Row]) -> list[Row]:
    """Rows of `kind, domain, source, what, todo, record, messages, certainty`, from the rows of
    `advise`; the most urgent first. A domain that only has to wait asks for nothing."""
    found = [each for row in advice for each in _of_domain(row)]
    return sorted(
        found,
        key=lambda row: (RANK[row["kind"]], -row["messages"], row["domain"], row["source"] or ""),
    )


def _of_domain(row: Row) -> Iterator[Row]:
    verdict, reason = row["verdict"], f"{row['reason']}."
    if verdict == "roll-back":
        lost = sum(each["messages"] for each in row["blockers"])
        yield _decision(Decision.ROLL_BACK, row, reason, _publish(row), lost, row["record"])
    elif verdict == "advance":
        messages = row["window"]["legitimate"]
        yield _decision(Decision.PUBLISH, row, reason, _publish(row), messages, row["record"])
    elif row["blockers"]:
        yield from (_blocker(row, each) for each in row["blockers"])
    elif is_mute(row):
        todo = (
            "See whether reports arrive (rua status), and that its record names an address in rua."
        )
        yield _decision(Decision.CHECK, row, reason, todo, row["window"]["messages"], None)
    elif reason.startswith("looks parked"):
        todo = "Say parked = true in the settings, if it sends no mail."
        yield _decision(Decision.CHECK, row, reason, todo, row["window"]["messages"], None)


def is_mute(row: Row) -> bool:
    """Whether the verdict is that reports are missing: they have stopped, or none has ever come."""
    return bool(row["reason"].startswith("no report"))


def _publish(row: Row) -> str:
    note = f" {row['record_note']}." if row["record_note"] else ""
    return f"Publish the record for _dmarc.{row['domain']}: {_changed(row)}.{note}"


def _changed(row: Row) -> str:
    """What is another in it: a tag at its default is left out of a record, which shows nowhere."""
    parts = []
    for tag, value in row["changes"].items():
        was = row["published"].get(tag)
        if value is None or value == DEFAULTS.get(tag):
            parts.append(f"{tag}={was} goes" if was else f"no {tag}")
        elif was in (None, value):
            parts.append(f"{tag}={value}")
        else:
            parts.append(f"{tag}={value} in the place of {tag}={was}")
    return ", ".join(parts)


def _blocker(row: Row, blocker: Row) -> Row:
    is_unknown = blocker["class"] == "undecided"
    kind = Decision.DECIDE if is_unknown else Decision.MEND
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
    """The state of some domains in one sentence: 3 of 7 domains can go ahead; 1 loses mail now."""
    counts = {each: sum(row["verdict"] == each for row in advice) for each in PHRASES}
    counts[""] = len(names) - len(advice)
    if not names:
        return "There is no domain to tell of."
    if len(names) == 1:
        (only,) = (each for each, count in counts.items() if count)
        return f"The domain {PHRASES[only][0]}."
    parts = [_part(count, *PHRASES[each]) for each, count in counts.items() if count]
    whole = f"{len(names):,} domains"
    if counts["advance"]:
        parts[0] = f"{counts['advance']:,} of {whole} can go ahead"
        return f"{'; '.join(parts)}."
    return f"Of {whole} {'; '.join(parts)}."


def _part(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
