"""Labelled histories walked day by day: what the advisor allowed, against what was right then."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from analytics.advice.domain_state import domain_states
from analytics.advice.verdict import decide
from analytics.query.question import Owner, Question
from analytics.query.window import Window
from schemas.config.thresholds import Gates
from tests.support.stores.quick_store import growing_store

__all__ = ["Backtest", "walked"]


@dataclass
class Backtest:
    """`false_ready` are (domain, day) on which a step was allowed that the truth forbids;
    `late_ready` the days from when it is right to advance to when that is said, by (domain, day);
    `late_back` the same of roll-back; `other` verdicts that are wrong and not unsafe, by pair."""

    looks: int = 0
    false_ready: list[tuple[str, date, str]] = field(default_factory=list)
    late_ready: dict[tuple[str, date], int] = field(default_factory=dict)
    late_back: dict[tuple[str, date], int] = field(default_factory=dict)
    wrong: list[tuple[str, date, str, str]] = field(default_factory=list)

    def text(self, title: str) -> str:
        late = sorted(self.late_ready.values())
        back = sorted(self.late_back.values())
        return "\n".join(
            (
                f"{title}: {self.looks:,} looks",
                f"false-ready: {len(self.false_ready)}",
                f"late-ready, days: {late}, median {median(late) if late else '–'}",
                f"late roll-back, days: {back}",
                f"other verdicts that were not right: {len(self.wrong)}",
            )
        )


def walked(folder: Path, variant: str, seed: int, until: date, every: int = 1) -> Backtest:
    """Look at a history at the end of each day, with what had arrived by then."""
    _, truth, days = growing_store(folder, variant, seed, until=until, every=every)
    domains = truth["domains"]
    owners = {name: Owner(each["goal"], each["parked"]) for name, each in domains.items()}
    said: dict[str, dict[date, str]] = {name: {} for name in domains}
    for day, reader in days:
        for each in domain_states(Question(reader, Window.up_to(day), owners=owners)):
            said[each.domain][day] = decide(each, Gates()).verdict
    found = Backtest()
    for name, verdicts in said.items():
        _compare(found, name, domains[name]["allowed"], verdicts)
    return found


def _compare(
    found: Backtest, name: str, allowed: list[Mapping[str, Any]], verdicts: Mapping[date, str]
) -> None:
    for day, verdict in verdicts.items():
        found.looks += 1
        right = _on(allowed, day)
        if verdict in right["forbidden"] and verdict == "advance":
            found.false_ready.append((name, day, right["why"]))
        elif verdict not in right["verdicts"]:
            found.wrong.append((name, day, verdict, "/".join(right["verdicts"])))
    for wanted, late in (("advance", found.late_ready), ("roll-back", found.late_back)):
        for since, last in _spans(allowed, wanted, max(verdicts, default=date.min)):
            days = [day for day in verdicts if since <= day <= last]
            first = next((day for day in days if verdicts[day] == wanted), None)
            if days:
                late[name, since] = ((first or days[-1] + timedelta(days=1)) - since).days


def _on(allowed: list[Mapping[str, Any]], day: date) -> Mapping[str, Any]:
    return [each for each in allowed if date.fromisoformat(each["since"]) <= day][-1]


def _spans(allowed: list[Mapping[str, Any]], wanted: str, end: date) -> Iterator[tuple[date, date]]:
    """Spans of days on which this is the one verdict that is right."""
    starts = [date.fromisoformat(each["since"]) for each in allowed]
    for number, each in enumerate(allowed):
        if list(each["verdicts"]) == [wanted]:
            later = starts[number + 1 :]
            yield starts[number], (later[0] - timedelta(days=1)) if later else end
