"""Small charts of two weeks, as shapes that a template draws in SVG.

Altair is not used here: outside a browser it needs a JavaScript engine of some 30 MB, and its SVG
has fixed colours, while these follow the page into dark mode and print. A shape holds only numbers,
days and fixed words, never text from reports.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from analytics.query.run import Row
from analytics.weekly import Week
from dashboards.common.day_breakdown import counted_as
from dashboards.common.formatting import amount, interval, percent
from dashboards.common.palette import ON_LIGHT, Share

__all__ = ["Bar", "Chart", "messages_chart", "rate_chart", "strip"]

WIDTH, HEIGHT = 400, 176
LEFT, RIGHT, TOP, BOTTOM = 44, 392, 10, 148
DAYS = 14
AXIS_ENDS = (1, 2, 3, 4, 5, 6, 8, 10)


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a stack. `share` is its CSS class; `is_past` marks the week before."""

    x: float
    y: float
    width: float
    height: float
    share: str
    colour: str
    is_past: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A day's rate at (x, y), its 95 % interval from `low` to `high`; drawn hollow unless firm."""

    x: float
    y: float
    low: float
    high: float
    is_firm: bool


@dataclass(frozen=True, slots=True)
class Label:
    """A text at (x, y)."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart; `description` is for screen readers, `legend` holds (word, CSS class, colour)."""

    id: str
    title: str
    description: str
    bars: Sequence[Bar] = ()
    points: Sequence[Point] = ()
    rows: Sequence[Label] = ()  # labels of the vertical axis, each with a line
    days: Sequence[Label] = ()
    legend: Sequence[tuple[str, str, str]] = ()


def messages_chart(week: Week) -> Chart | None:
    """Messages per day, passing ones at the bottom; None without messages."""
    by_day = {row["day"]: row for row in week.days}
    most = _axis_end(max((row["messages"] for row in week.days), default=0))
    if not most:
        return None
    bars = [
        bar
        for place, day in enumerate(_days(week))
        if day in by_day
        for bar in _stack(by_day[day], place, most, day < week.window.first)
    ]
    total, before = week.total["messages"], week.total_before["messages"]
    description = f"{amount(total, 'message')} this week, {before:,} the week before; most: "
    description += f"{_busiest_day(by_day, week) if total else 'none'}."
    present = {bar.share for bar in bars}
    legend = [(str(s), _css(s), ON_LIGHT[s]) for s in Share if _css(s) in present]
    rows = [Label(LEFT, _y(part * most, most), f"{part * most:,.0f}") for part in (0, 0.5, 1)]
    return Chart("messages", "Messages per day", description, bars, (), rows, _labels(week), legend)


def _busiest_day(by_day: dict[date, Row], week: Week) -> str:
    this_week = [row for day, row in by_day.items() if day >= week.window.first]
    top = max(this_week, key=lambda row: row["messages"])
    return f"{top['messages']:,} on {top['day']:%A}"


def _stack(row: Row, place: int, most: int, is_past: bool) -> list[Bar]:
    bars, stacked = [], 0
    for share, count in counted_as(row):
        if count > 0:
            stacked += count
            top = _y(stacked, most)
            height = count / most * (BOTTOM - TOP)
            x, width = _x(place) + 3, _step() - 6
            bars.append(Bar(x, top, width, height, _css(share), ON_LIGHT[share], is_past))
    return bars


def rate_chart(week: Week) -> Chart | None:
    """The legitimate pass rate of each day with its interval; None without legitimate mail."""
    known = {row["day"]: row for row in week.days if row["interval"]}
    if not known:
        return None
    floor = _floor(known.values())
    points = [
        _point(known[day], place, floor) for place, day in enumerate(_days(week)) if day in known
    ]
    total = week.total
    description = "No rate is known for this week."
    if total["interval"]:
        rate = percent(total["legitimate_aligned"] / total["legitimate"])
        description = f"{rate} this week, 95 % interval {interval(total['interval'])}."
        hollow = sum(not row["enough"] for row in known.values())
        description += f" {amount(hollow, 'day')} with too few messages." if hollow else ""
    ticks = [floor, (1 + floor) / 2, 1.0]
    rows = [Label(LEFT, _y(tick - floor, 1 - floor), _percent(tick)) for tick in ticks]
    legend = [("pass rate, 95 % interval", "rate", ON_LIGHT[Share.PASSING])]
    if any(not point.is_firm for point in points):
        legend.append(("too few messages", "few", ON_LIGHT[Share.UNDECIDED]))
    title = "Legitimate mail that passes"
    return Chart("rate", title, description, (), points, rows, _labels(week), legend)


def _point(row: Row, place: int, floor: float) -> Point:
    rate = row["legitimate_aligned"] / row["legitimate"]
    y, low, high = (_y(max(value, floor) - floor, 1 - floor) for value in (rate, *row["interval"]))
    return Point(_x(place) + _step() / 2, y, low, high, bool(row["enough"]))


def _floor(rows: Iterable[Row]) -> float:
    """The lower end of the scale, a multiple of 5 points below every rate and firm interval."""
    listed = list(rows)
    lows = [row["legitimate_aligned"] / row["legitimate"] for row in listed]
    lows += [row["interval"][0] for row in listed if row["enough"]]
    return max(0, int((min(lows) - 1e-9) * 20)) / 20


def strip(row: Row) -> list[Bar]:
    """A domain's messages by share, side by side on a width of 100; [] without messages."""
    classes, total = row["classes"], row["messages"]
    passing, legitimate = row["legitimate_aligned"], row["legitimate"]
    counts = {
        "indirect": classes["forwarder"] + classes["list"],
        "spoof": classes["spoof"],
        "undecided": classes["undecided"],
        "legitimate": legitimate,
        "legitimate_aligned": passing,
        "messages": total,
    }
    bars, x = [], 0.0
    for share, count in counted_as(counts):
        if count > 0:
            width = count / total * 100
            bars.append(Bar(x, 0, width, 4, _css(share), ON_LIGHT[share]))
            x += width
    return bars


def _days(week: Week) -> list[date]:
    return [week.before.first + timedelta(days=n) for n in range(DAYS)]


def _labels(week: Week) -> list[Label]:
    """Every third day, so that labels do not touch on a phone."""
    return [
        Label(_x(place) + _step() / 2, BOTTOM + 14, f"{day.day} {day:%b}")
        for place, day in enumerate(_days(week))
        if place % 3 == 1
    ]


def _step() -> float:
    return (RIGHT - LEFT) / DAYS


def _x(place: int) -> float:
    return round(LEFT + place * _step(), 2)


def _y(value: float, most: float) -> float:
    return round(BOTTOM - value / most * (BOTTOM - TOP), 2)


def _axis_end(most: int) -> int:
    """The next round number, at which the axis ends."""
    if most <= 2:
        return 2 if most else 0
    power = int(10 ** (len(str(most)) - 1))
    return next(step * power for step in AXIS_ENDS if step * power >= most)


def _percent(rate: float) -> str:
    return f"{rate * 100:.4g} %"


def _css(share: Share) -> str:
    return share.name.lower().replace("_", "-")
