"""The week as one HTML page without scripts or references; the only module that imports Jinja.

Every value passes `plain`, which makes control and bidirectional characters visible, and is then
escaped.
"""

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from analytics.query.run import Row
from analytics.weekly import Week
from dashboards.common.formatting import amount, interval, percent, policy, rate_words, shares, span
from dashboards.weekly import sentences
from dashboards.weekly.svg_charts import messages_chart, rate_chart, strip
from schemas.sanitize import plain

__all__ = ["page"]

# Rows of a list on the page; the other files hold all.
MOST, FEW, SEVERAL = 25, 10, 5
CARDS = 500  # domains
LONGEST_NAME = 120


def page(week: Week) -> str:
    """The HTML of a group's week."""
    environment = Environment(
        loader=PackageLoader("dashboards.weekly"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_plain_value,
        trim_blocks=True,
    )
    environment.filters |= {
        "capital": _capital,
        "count": amount,
        "css": _css,
        "name": _name,
        "period": lambda text: text if text.endswith(".") else f"{text}.",
    }
    return environment.get_template("report.html").render(_context(week))


def _plain_value(value: Any) -> Any:
    """A value as Jinja writes it: markup unchanged, other text through `plain`."""
    return plain(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _css(word: str) -> str:
    """A word of ours as a class of the style sheet."""
    return re.sub(r"[^a-z]+", "-", word.lower()).strip("-")


def _name(text: str) -> str:
    """A name from a report: made plain, then shortened."""
    safe = plain(text)
    return safe if len(safe) <= LONGEST_NAME else f"{safe[: LONGEST_NAME - 1]}…"


def _capital(text: str) -> str:
    """A sentence with a capital; one that starts with a tag (p=none) stays as it is."""
    first = text.partition(" ")[0]
    return f"{text[:1].upper()}{text[1:]}" if first.isalpha() else text


def _context(week: Week) -> dict[str, Any]:
    """The variables of report.html."""
    return {
        "week": week,
        "title": sentences.title(week),
        "days": span(week.window.first, week.window.last),
        "most": MOST,
        "few": FEW,
        "several": SEVERAL,
        "cards": CARDS,
        "decisions": _decisions(week),
        "lead": list(sentences.lead(week)),
        "unchanged": sentences.unchanged(week),
        "no_sources": sentences.no_sources(week),
        "numbers": _numbers(week),
        "charts": [chart for chart in (messages_chart(week), rate_chart(week)) if chart],
        "sources": _sources(week),
        "reporters": _reporters(week),
        "about_rate": list(sentences.about_rate(week)),
        "about_tls": list(sentences.about_tls(week)),
        "tls_causes": _tls_causes(week),
        "about_spoofing": list(sentences.about_spoofing(week)),
        "about_reporters": list(sentences.about_reporters(week)),
        "about_evidence": list(sentences.about_evidence(week)),
        "next_step": sentences.next_step,
        "comparison": lambda row: sentences.compared(row, row["before"]),
        "impact": _impact,
        "policy": policy,
        "rate": sentences.rate_and_interval,
        "shares": lambda row: shares(row["classes"]) if row["messages"] else "no mail",
        "strip": strip,
    }


def _numbers(week: Week) -> list[tuple[str, str, str]]:
    """The figures above the numbers: label, value, and the note below it."""
    total, before = week.total, week.total_before
    rate, note = "–", rate_words(total)
    if total["enough"]:
        rate = percent(total["legitimate_aligned"] / total["legitimate"])
        note = interval(total["interval"])
    return [
        ("Messages", amount(total["messages"]), f"week before {before['messages']:,}"),
        ("Legitimate mail passes", rate, note),
        ("Likely spoofing", amount(total["spoof"]), f"week before {before['spoof']:,}"),
        ("Undecided", amount(total["undecided"]), f"week before {before['undecided']:,}"),
    ]


def _decisions(week: Week) -> list[list[Row]]:
    """Decisions of one domain with the same remedy as one group, where the first of them is."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in week.decisions:
        groups.setdefault((row["domain"], row["kind"], row["todo"]), []).append(row)
    return list(groups.values())


def _sources(week: Week) -> list[Row]:
    """Broken ones first, then new ones, most mail first."""
    broken = week.broken
    known = {(row["domain"], row["source"]) for row in broken}
    new = [row for row in week.new if (row["domain"], row["source"]) not in known]
    return [*broken, *new]


def _tls_causes(week: Week) -> list[tuple[str, Row]]:
    """(domain, failure), most sessions first."""
    causes = [(row["domain"], cause) for row in week.tls for cause in row["failures"]]
    return sorted(causes, key=lambda each: -each[1]["count"])


def _reporters(week: Week) -> list[Row]:
    """Missing ones first, then those of the week."""
    return [*week.missing, *(row for row in week.reporters if row["reports"])]


def _impact(advice: Row) -> str:
    """What the next record would have done to the mail of the advice's window."""
    impact, legitimate = advice["impact"], advice["window"]["legitimate"]
    stopped = amount(impact["spoof_stopped"], "spoofed message")
    window = amount(_window_days(advice["window"]), "day")
    if impact["interval"] is None:
        return f"The next record would have stopped {stopped} in {window}."
    low, high = impact["interval"]
    return (
        f"The next record would have lost {impact['legitimate_lost']:,} of"
        f" {amount(legitimate, 'legitimate message')} in {window} (95 % interval {low:,} to"
        f" {high:,}) and stopped {stopped}."
    )


def _window_days(window: Row) -> int:
    """The length of the advice's window; its `days` counts only those with mail."""
    return int((window["end"] - window["begin"]).days) + 1
