"""The shapes of the small charts: where bars, points and labels are, and what they count."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from dashboards.common.palette import ON_LIGHT, Share
from dashboards.weekly.svg_charts import messages_chart, rate_chart, strip
from tests.support.weekly import SUNDAY, counts, day_row, domain, week

MONDAY = date(2026, 11, 9)
BOTTOM, TOP = 148, 10


def test_without_mail_there_is_no_chart() -> None:
    assert messages_chart(week()) is None
    assert rate_chart(week()) is None
    assert rate_chart(week(days=[day_row(MONDAY, interval=None, legitimate=0)])) is None
    assert strip(domain("a.example", messages=0, legitimate=0, legitimate_aligned=0)) == []


def test_a_day_is_a_stack_whose_parts_add_up_to_its_messages() -> None:
    row = day_row(
        MONDAY, messages=100, legitimate=70, legitimate_aligned=60, spoof=20, undecided=10
    )
    chart = messages_chart(week(days=[row]))
    assert chart
    assert [bar.share for bar in chart.bars] == ["passing", "broken", "spoof", "undecided"]
    # The axis ends at 100, so that the whole stack is as high as the chart.
    assert [label.text for label in chart.rows] == ["0", "50", "100"]
    heights = [bar.height / (BOTTOM - TOP) * 100 for bar in chart.bars]
    assert heights == pytest.approx([60, 10, 20, 10])
    assert chart.bars[0].y + chart.bars[0].height == pytest.approx(BOTTOM)
    assert chart.bars[-1].y == pytest.approx(TOP)
    for below, above in pairwise(chart.bars):
        assert above.y + above.height == pytest.approx(below.y, abs=0.02)


def test_the_week_before_is_pale_and_to_the_left() -> None:
    days = [day_row(MONDAY - timedelta(days=1)), day_row(MONDAY)]
    chart = messages_chart(week(days=days))
    assert chart
    past = [bar for bar in chart.bars if bar.is_past]
    this = [bar for bar in chart.bars if not bar.is_past]
    assert past
    assert max(bar.x + bar.width for bar in past) < min(bar.x for bar in this)


@pytest.mark.parametrize(
    ("most", "end"),
    [
        (1, "2"),
        (2, "2"),
        (3, "3"),
        (7, "8"),
        (9, "10"),
        (11, "20"),
        (99, "100"),
        (101, "200"),
        (6100, "8,000"),
        (812345, "1,000,000"),
    ],
)
def test_the_axis_ends_at_the_next_round_number(most: int, end: str) -> None:
    row = day_row(MONDAY, messages=most, legitimate=most, legitimate_aligned=most)
    chart = messages_chart(week(days=[row]))
    assert chart
    assert chart.rows[-1].text == end


def test_the_legend_names_what_is_drawn_alone() -> None:
    chart = messages_chart(week(days=[day_row(MONDAY, legitimate_aligned=1000)]))
    assert chart
    assert chart.legend == [("passes", "passing", ON_LIGHT[Share.PASSING])]


def test_the_description_counts_and_names_the_busiest_day_of_this_week() -> None:
    days = [
        day_row(MONDAY - timedelta(days=2), messages=9000),
        day_row(MONDAY, messages=300),
        day_row(MONDAY + timedelta(days=2), messages=1700),
    ]
    chart = messages_chart(
        week(days=days, total=counts(messages=2000), total_before=counts(messages=9000))
    )
    assert chart
    assert chart.description == (
        "2,000 messages this week, 9,000 the week before; most: 1,700 on Wednesday."
    )


def test_days_are_labelled_so_that_labels_do_not_touch() -> None:
    chart = messages_chart(week(days=[day_row(SUNDAY)]))
    assert chart
    assert [label.text for label in chart.days] == [
        *("3 Nov", "6 Nov", "9 Nov", "12 Nov", "15 Nov"),
    ]
    gaps = [b.x - a.x for a, b in pairwise(chart.days)]
    assert min(gaps) > 60


def test_a_rate_is_a_point_within_its_interval() -> None:
    days = [
        day_row(MONDAY, legitimate=1000, legitimate_aligned=950, interval=(0.93, 0.97)),
        day_row(SUNDAY, legitimate=4, legitimate_aligned=4, interval=(0.5, 1.0), enough=False),
    ]
    chart = rate_chart(week(days=days, total=counts(legitimate_aligned=950, interval=(0.93, 0.97))))
    assert chart
    firm, hollow = chart.points
    assert (firm.is_firm, hollow.is_firm) == (True, False)
    # y grows downwards: the upper end of an interval is the smaller number.
    assert firm.high < firm.y < firm.low
    assert firm.high >= TOP
    assert firm.low <= BOTTOM
    assert hollow.y == pytest.approx(TOP)
    assert hollow.low == BOTTOM  # what is below the scale is drawn at its end
    assert [label.text for label in chart.rows] == ["90 %", "95 %", "100 %"]
    assert chart.description == (
        "95.0 % this week, 95 % interval 93.0 – 97.0 %. 1 day with too few messages."
    )
    assert [entry[1] for entry in chart.legend] == ["rate", "few"]


@pytest.mark.parametrize(
    ("low", "tick"), [(0.999, "95 %"), (0.93, "90 %"), (0.90, "85 %"), (0.02, "0 %")]
)
def test_the_scale_begins_below_the_lowest_value(low: float, tick: str) -> None:
    row = day_row(MONDAY, legitimate=1000, legitimate_aligned=1000, interval=(low, 1.0))
    chart = rate_chart(week(days=[row]))
    assert chart
    assert chart.rows[0].text == tick
    assert chart.rows[-1].text == "100 %"


def test_a_strip_shows_a_domains_shares_on_a_width_of_100() -> None:
    row = domain(
        "a.example",
        {"own": 500, "broken": 100, "forwarder": 40, "list": 60, "spoof": 200, "undecided": 100},
        messages=1000,
        legitimate=600,
        legitimate_aligned=480,
    )
    bars = strip(row)
    drawn: list[tuple[str, object]] = [(bar.share, bar.width) for bar in bars]
    assert drawn == [
        ("passing", pytest.approx(48)),
        ("broken", pytest.approx(12)),
        ("indirect", pytest.approx(10)),
        ("spoof", pytest.approx(20)),
        ("undecided", pytest.approx(10)),
    ]
    assert bars[0].x == 0
    for left, right in pairwise(bars):
        assert right.x == pytest.approx(left.x + left.width)
