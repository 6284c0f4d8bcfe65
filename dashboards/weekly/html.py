"""The week as one HTML page without a script or a reference; the only module that knows Jinja.

Every value that stands in it passes `plain`, so that no control or bidirectional character is left
in it, and is then escaped.
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

# Rows of a list; the tables of the other files hold all.
MOST, FEW, SEVERAL = 25, 10, 5
CARDS = 500  # domains
LONGEST_NAME = 120


def page(week: Week) -> str:
    """The HTML of a group's week."""
    environment = Environment(
        loader=PackageLoader("dashboards.weekly"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
    )
    environment.filters |= {
        "capital": _capital,
        "count": amount,
        "css": _css,
        "name": _name,
        "stopped": lambda text: text if text.endswith(".") else f"{text}.",
    }
    return environment.get_template("report.html").render(_words(week))


def _shown(value: Any) -> Any:
    """What Jinja writes of a value: text of ours that is markup already as it is, other plain."""
    return plain(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _css(word: str) -> str:
    """A class of the style sheet, of our own words alone."""
    return re.sub(r"[^a-z]+", "-", word.lower()).strip("-")


def _name(text: str) -> str:
    """A stranger's name: plain first, then short."""
    safe = plain(text)
    return safe if len(safe) <= LONGEST_NAME else f"{safe[: LONGEST_NAME - 1]}…"


def _capital(text: str) -> str:
    """A sentence's first letter; a tag of a record (p=none) stays as it is written."""
    first = text.partition(" ")[0]
    return f"{text[:1].upper()}{text[1:]}" if first.isalpha() else text


def _words(week: Week) -> dict[str, Any]:
    return {
        "week": week,
        "title": sentences.title(week),
        "days": span(week.window.first, week.window.last),
        "most": MOST,
        "few": FEW,
        "several": SEVERAL,
        "cards": CARDS,
        "decisions": _decisions(week),
        "short": list(sentences.short_of(week)),
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
        "against": lambda row: sentences.against_before(row, row["before"]),
        "impact": _impact,
        "policy": policy,
        "rate": sentences.rate_and_interval,
        "shares": lambda row: shares(row["classes"]) if row["messages"] else "no mail",
        "strip": strip,
    }


def _numbers(week: Week) -> list[tuple[str, str, str]]:
    """The figures at the head of the numbers: label, value, and what stands below it."""
    total, before = week.total, week.total_before
    rate, note = "–", rate_words(total)
    if total["enough"]:
        rate = percent(total["legitimate_aligned"] / total["legitimate"])
        note = interval(total["interval"])
    return [
        ("Messages", amount(total["messages"]), f"week before {before['messages']:,}"),
        ("Legitimate mail passes", rate, note),
        ("Looks like spoofing", amount(total["spoof"]), f"week before {before['spoof']:,}"),
        ("Undecided", amount(total["undecided"]), f"week before {before['undecided']:,}"),
    ]


def _decisions(week: Week) -> list[list[Row]]:
    """Those of one domain that ask for the same stand together, where the first stood."""
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in week.decisions:
        found.setdefault((row["domain"], row["kind"], row["todo"]), []).append(row)
    return list(found.values())


def _sources(week: Week) -> list[Row]:
    """Broken ones first, then new ones, most mail first."""
    broken = week.broken
    known = {(row["domain"], row["source"]) for row in broken}
    new = [row for row in week.new if (row["domain"], row["source"]) not in known]
    return [*broken, *new]


def _tls_causes(week: Week) -> list[tuple[str, Row]]:
    """(domain, what failed), most sessions first."""
    found = [(row["domain"], cause) for row in week.tls for cause in row["failures"]]
    return sorted(found, key=lambda each: -each[1]["count"])


def _reporters(week: Week) -> list[Row]:
    """Missing ones first, then those of the week."""
    return [*week.missing, *(row for row in week.reporters if row["reports"])]


def _impact(advice: Row) -> str:
    """What the next record would have done to the mail of the advice's days."""
    impact, days = advice["impact"], advice["window"]
    if impact["interval"] is None:
        stopped = amount(impact["spoof_stopped"], "message")
        return f"Under the next record {stopped} of abuse of 35 days would be stopped."
    low, high = impact["interval"]
    return (
        f"Under the next record {impact['legitimate_lost']:,} of"
        f" {amount(days['legitimate'], 'legitimate message')} of 35 days would be lost ({low:,} to"
        f" {high:,}), and {amount(impact['spoof_stopped'], 'message')} of abuse stopped."
    )
