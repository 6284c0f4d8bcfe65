"""The advice on one domain as text: everything, or as much as fits one screen.

The next step comes first. Beside each number is a command that leads to it and on to `rua reports`.
Commands work as they are printed, so they are never folded: the terminal breaks a long one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from shlex import quote
from typing import Any

from analytics.query.window import Window
from dashboards.cli.tables import folded, rows_taken, shortened
from dashboards.common.formatting import amount, interval, percent
from dashboards.common.verdicts import look_day, next_step, share_of_mail
from schemas.sanitize import plain

__all__ = ["HEIGHT", "flags_for", "in_full", "on_a_screen"]

Row = Mapping[str, Any]

HEIGHT = 23  # of 24 lines, one for the prompt
INDENT = "   "
PROVEN = "--proven"
MOST_BLOCKERS = 6
LONGEST_NAME = 40  # of a source, outside of commands
LONGEST_REASON = 220
LONGEST_COMMAND = 160  # on one screen; --full prints longer ones
# Levels of detail for a blocker, from everything to its name and numbers alone.
DETAILS = (("reason", "remedy", "fixed_when"), ("reason", "remedy"), ("remedy",), ())
PREFIXES = {"reason": "", "remedy": "Fix: ", "fixed_when": "Counts as fixed when "}


@dataclass(frozen=True, slots=True)
class _Plan:
    """How much to print: how many blockers, which details, passed checks by name or counted."""

    blockers: int
    details: tuple[str, ...]
    names_passed: bool = True
    has_gaps: bool = True


def flags_for(window: Window, today: date) -> str:
    """The flags that select the same days again; none for the default days up to today."""
    flags = []
    if window.as_of != today:
        flags.append(f"--as-of {window.as_of}")
    if window.last != window.as_of:
        flags.append(f"--since {window.first} --until {window.last}")
    elif window.days != Window.DAYS:
        flags.append(f"--days {window.days}")
    return " ".join(flags)


def on_a_screen(row: Row, flags: str, width: int, height: int = HEIGHT) -> list[str]:
    """As much as fits `height` rows: more blockers before more detail, and at least the first."""
    lines: list[str] = []
    flags = _with_proven(row, flags)
    for plan in _plans(len(row["blockers"])):
        lines = _screen(row, flags, width, plan)
        if sum(rows_taken(line, width) for line in lines) <= height:
            return lines
    return lines


def _with_proven(row: Row, flags: str) -> str:
    """The flags, with --proven if the advice left reports out: other commands then match it."""
    return f"{flags} {PROVEN}".strip() if row["window"].get("left_out") else flags


def _plans(blockers: int) -> Iterator[_Plan]:
    """Plans from the longest to the shortest: details shrink before blockers are dropped."""
    most = min(blockers, MOST_BLOCKERS)
    yield _Plan(most, DETAILS[0])
    for count in range(most, -1 if not most else 0, -1):
        for details in DETAILS[:-1] if most else DETAILS[-1:]:
            yield _Plan(count, details, has_gaps=False)
    yield _Plan(min(1, most), (), has_gaps=False)
    yield _Plan(min(1, most), (), names_passed=False, has_gaps=False)


def _screen(row: Row, flags: str, width: int, plan: _Plan) -> list[str]:
    fold = _folding(width)
    parts = [
        [*_headline(row, fold), *_impact(row, flags, fold)],
        list(_blockers(row, flags, width, plan)),
        list(_checks(row, flags, fold, names=plan.names_passed)),
        list(_basis(row, flags, fold)),
    ]
    gap = [""] if plan.has_gaps else []
    lines: list[str] = []
    for part in parts:
        lines += [*(gap if lines and part else []), *part]
    return lines


def in_full(row: Row, flags: str, width: int) -> list[str]:
    """Everything, however long."""
    fold = _folding(width)
    flags = _with_proven(row, flags)
    lines = [*_headline(row, fold), *_impact(row, flags, fold)]
    if row["blockers"] and row["changes"]:
        lines += ["", "Blockers, largest loss first, with the loss left after each fix:"]
    for number, blocker in enumerate(row["blockers"], start=1):
        lines += ["", *fold(_size(row, number, blocker))]
        for key in DETAILS[0]:
            if blocker.get(key):
                lines += [INDENT + each for each in fold(f"{PREFIXES[key]}{blocker[key]}")]
        lines.append(f"{INDENT}{_sources(row, blocker, flags)}")
        lines.append(f"{INDENT}{_reports(row, flags, blocker)}")
    if row["gates"]:
        lines += ["", *(line for gate in _failed_first(row) for line in fold(_check(gate)))]
        lines += fold("To change what is required, edit the table [gates] of rua.toml.")
    return [*lines, "", *_basis(row, flags, fold)]


def _folding(width: int) -> Callable[[str], list[str]]:
    return lambda text: folded(text, width, INDENT)


def _command(*arguments: str, flags: str) -> str:
    if arguments[0] == "advise":  # which has no such flag
        flags = flags.replace(PROVEN, "").strip()
    return plain(" ".join(["rua", *arguments, *([flags] if flags else [])]))


def _headline(row: Row, fold: Callable[[str], list[str]]) -> Iterator[str]:
    """The verdict, and the next step."""
    reason = shortened(row["reason"], LONGEST_REASON)
    yield from fold(f"{row['domain']}: {row['verdict']}: {reason}.")
    if row["verdict"] in ("advance", "roll-back") and row["record"]:
        yield plain(f'Publish: _dmarc.{row["domain"]}. TXT "{row["record"]}"')
        if row["record_note"]:
            yield from fold(f"{row['record_note']}.")
    else:
        step, again = next_step(row), f"Look again on {look_day(row)}."
        yield from fold(f"Next: {step.removesuffix(again).rstrip()} {again}")


def _impact(row: Row, flags: str, fold: Callable[[str], list[str]]) -> Iterator[str]:
    if not row["changes"]:
        return
    yield from fold(f"The next record {_would(row['impact'], row['window']['legitimate'])}.")
    yield INDENT + _command("whatif", quote(row["domain"]), *_policy(row), flags=flags)


def _would(impact: Row, legitimate: int) -> str:
    """The loss under the next record; parts that are 0 are omitted, except legitimate mail."""
    low, high = impact["interval"] or (0, 0)
    losses = [
        f"{impact['legitimate_lost']:,} of {amount(legitimate, 'legitimate message')}"
        f" ({low:,} to {high:,})"
        if legitimate
        else "no legitimate mail, since none was reported"
    ]
    if impact["indirect_lost"]:
        losses.append(f"{impact['indirect_lost']:,} through lists and forwarders")
    if impact["undecided"]:
        losses.append(f"{impact['undecided']:,} undecided")
    text = f"would lose {', '.join(losses)}"
    if impact["spoof_stopped"]:
        text += f" and stop {amount(impact['spoof_stopped'], 'spoofed message')}"
    return text


def _policy(row: Row) -> Iterator[str]:
    """The flags of `rua whatif` for the next record; tags that stay as published are omitted."""
    target, published, changes = row["target"], row["published"], row["changes"]
    p = target["p"] or "none"
    sp = target["sp"] or p
    yield f"--p {p}"
    if target["sp"] or published["sp"] not in (None, published["p"]):
        yield f"--sp {sp}"
    if target["np"] or published["np"] not in (None, published["sp"] or published["p"]):
        yield f"--np {target['np'] or sp}"
    for tag in ("adkim", "aspf"):
        if changes.get(tag):
            yield f"--{tag} {changes[tag]}"


def _blockers(row: Row, flags: str, width: int, plan: _Plan) -> Iterator[str]:
    if not row["blockers"]:
        return
    text_width = width - len(INDENT)
    heading = (
        "Blockers, largest loss first, with the loss left after each fix:"
        if row["changes"]
        else "Blocked:"
    )
    yield heading
    for number, blocker in enumerate(row["blockers"][: plan.blockers], start=1):
        yield from folded(_size(row, number, blocker), width, INDENT)
        for key in plan.details:
            if blocker.get(key):
                yield INDENT + shortened(f"{PREFIXES[key]}{blocker[key]}", text_width)
        command = _sources(row, blocker, flags)
        if len(command) <= LONGEST_COMMAND:
            yield INDENT + command
    more = len(row["blockers"]) - plan.blockers
    full = _command("advise", quote(row["domain"]), "--full", flags=flags)
    yield f"{f'{more} more, with all details' if more else 'All details'}: {full}"


def _size(row: Row, number: int, blocker: Row) -> str:
    """1. Mimecast (broken): 354 messages, 15.3 % of all mail; 98.9 – 100 % fails; 419 left."""
    text = f"{number}. {_name(blocker)} ({blocker['class']}): "
    text += amount(blocker["messages"], "message")
    share = share_of_mail(row, blocker)
    if share is not None:
        text += f", {percent(share)} of all mail"
    if blocker.get("interval"):
        what = "is unsigned" if blocker["class"] == "own" else "fails"
        text += f"; {interval(tuple(blocker['interval']))} {what}"
    if row["changes"] and blocker.get("left_after") is not None:
        text += f"; {blocker['left_after']:,} left"
    return text


def _name(blocker: Row) -> str:
    return shortened(blocker["source"], LONGEST_NAME)


def _sources(row: Row, blocker: Row, flags: str) -> str:
    named = ("--domain", quote(row["domain"]), "--source", quote(blocker["source"]))
    return _command("sources", *named, flags=_days(row, blocker, flags))


def _reports(row: Row, flags: str, blocker: Row) -> str:
    named = ("--domain", quote(row["domain"]), "--source", quote(blocker["source"]))
    return _command("reports", *named, flags=_days(row, blocker, flags))


def _days(row: Row, blocker: Row, flags: str) -> str:
    """The flags for a blocker's days: a source silent in the window is found before it."""
    begin = date.fromisoformat(str(row["window"]["begin"]))
    if date.fromisoformat(str(blocker.get("last_seen", begin))) >= begin:
        return flags
    # Stored advice of older versions has no dormant_begin: use the source's first day.
    since = row["window"].get("dormant_begin", blocker.get("first_seen"))
    until = begin - timedelta(days=1)
    as_of = [f"--as-of {flags.split()[1]}"] if flags.startswith("--as-of") else []
    proven = [PROVEN] if PROVEN in flags else []
    return " ".join([f"--since {since} --until {until}", *as_of, *proven])


def _failed_first(row: Row) -> list[Row]:
    return sorted(row["gates"], key=lambda gate: bool(gate["ok"]))


def _check(gate: Row) -> str:
    mark = "ok    " if gate["ok"] else "failed"
    return (
        f"{mark}  {gate['name']}: {gate['measured']} (required: {gate['required']};"
        f" {gate['basis']})"
    )


def _checks(
    row: Row, flags: str, fold: Callable[[str], list[str]], *, names: bool
) -> Iterator[str]:
    """Failed checks with their basis, passed ones in one line."""
    for gate in row["gates"]:
        if not gate["ok"]:
            yield from fold(_check(gate))
    passed = [gate for gate in row["gates"] if gate["ok"]]
    if not passed:
        return
    listed = "; ".join(f"{gate['name']} {gate['measured']}" for gate in passed)
    count = f"{len(passed)} of {amount(len(row['gates']), 'check')}"
    yield from fold(f"ok      {count}: {listed}" if names else f"ok      {count}")
    if not row["blockers"]:
        full = _command("advise", quote(row["domain"]), "--full", flags=flags)
        yield f"{INDENT}what each check requires, and why: {full}"


def _basis(row: Row, flags: str, fold: Callable[[str], list[str]]) -> Iterator[str]:
    window, domain = row["window"], quote(row["domain"])
    share = window["unverified"] / window["messages"] if window["messages"] else 0
    yield from fold(
        f"{window['begin']} to {window['end']}: {amount(window['messages'], 'message')} on"
        f" {amount(window['days'], 'day')}; {amount(window['reporters'], 'reporter')} of"
        f" legitimate mail; {percent(share)} in unverified reports. This policy since"
        f" {window['policy_since']}."
    )
    yield INDENT + _command("domains", "--domain", domain, flags=flags)
    yield INDENT + _command("reports", "--domain", domain, flags=flags)
    yield INDENT + _command("advise", domain, "--history", flags=flags)
