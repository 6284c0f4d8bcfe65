"""The parts of the Domain screen: verdict, road, checks, rates, losses, and what is not known."""

from collections.abc import Sequence

import streamlit as st

from analytics.query.statement import Certainty
from analytics.query.window import Window
from dashboards.common.formatting import amount, day, interval, percent, quoted
from dashboards.common.palette import Palette
from dashboards.common.verdicts import names, next_step, share_of_mail
from dashboards.web.components import charts, domain_cards, source_links
from dashboards.web.components.download import offer
from dashboards.web.components.render_chart import draw
from dashboards.web.components.sentences import Sentence, listed, mark, record, say, text
from dashboards.web.screens.domain import charts as domain_charts
from dashboards.web.screens.domain.data import Domain
from dashboards.web.screens.domain.rollout_chart import road, road_name
from dashboards.web.screens.domain.tables import show_gates, show_losses
from dashboards.web.screens.domain.text import (
    exact_percent,
    fix_words,
    policy_words,
    rate_words,
    unknowns,
)
from dashboards.web.screens.domain.whatif import record_of
from dashboards.web.session.query_cache import Row, settings

__all__ = ["blockers", "head", "losses", "mail", "numbers", "rates", "the_road", "unknown"]

MOST_BLOCKERS = 6
OBSERVED, INFERRED = Certainty.OBSERVED, Certainty.INFERRED


def head(found: Domain) -> None:
    """The name, the verdict and the next step."""
    with st.container(gap="xxsmall"):
        _head(found)


def _head(found: Domain) -> None:
    advice = found.advice
    if advice is None:
        st.html(f'<p class="rua-name">{text(found.name)}</p>')
        say((_why_no_advice(found), Certainty.NOT_KNOWN))
        return
    st.html(f'<p class="rua-name">{text(found.name)} {domain_cards.badge(advice["verdict"])}</p>')
    st.html(f'<p class="rua-say"><b>Next:</b> {text(next_step(advice))}</p>')
    say((f"{domain_cards.capital(advice['reason'])}.", INFERRED))
    if advice["record"] and advice["verdict"] in ("advance", "roll-back"):
        record(f'_dmarc.{found.name}. TXT "{advice["record"]}"')
        if advice["record_note"]:
            say((f"{advice['record_note']}.", None))
    seen = advice["window"]
    say(
        (
            f"{amount(seen['messages'], 'message')} on {amount(seen['days'], 'day')}, by"
            f" {amount(seen['reporters'], 'reporter')}, {day(seen['begin'])} to"
            f" {day(seen['end'])}, UTC.",
            OBSERVED,
        )
    )
    if left_out := seen.get("left_out"):
        count = amount(left_out, "unverified report")
        words = f"The verdict leaves out {count}, which the panels below count."
        say((words, OBSERVED))


def _why_no_advice(found: Domain) -> str:
    if not found.is_ours:
        return "No verdict: this domain is not in the settings."
    return "No report on this domain: check that its record has rua."


def the_road(found: Domain, palette: Palette) -> None:
    """The picture, and the checks in words."""
    place, advice = found.place, found.advice
    if place is None or advice is None:
        return
    st.header("The road to reject")
    tried = found.tags.p if found.is_whatif else None
    draw(road_name(found.name, place, advice, tried), road, place, advice, tried, palette)
    if not place.gates:
        say(("Parked by your settings: nothing to check.", None))
        return
    failed = [gate["name"] for gate in place.gates if not gate["ok"]]
    before = f" before p={place.next}" if place.next else ""
    passed = f"{len(place.gates) - len(failed)} of {len(place.gates)} checks{before} pass (rings)"
    words = f"{passed}; failing (crosses): {', '.join(failed)}." if failed else f"{passed}."
    say((words, OBSERVED))
    with st.expander("All checks: measured, required, basis"):
        show_gates(place.gates)


def blockers(found: Domain) -> None:
    """What blocks the next policy, the largest first, each with its remedy."""
    rows: Sequence[Row] = found.advice["blockers"] if found.advice else []
    if not rows or found.is_whatif:
        return
    st.header("What blocks")
    for row in rows[:MOST_BLOCKERS]:
        _blocker(found, row)
    if rows[MOST_BLOCKERS:]:
        with st.expander(f"{len(rows) - MOST_BLOCKERS:,} more"):
            for row in rows[MOST_BLOCKERS:]:
                _blocker(found, row)
    offer(rows, "blockers")


def _blocker(found: Domain, row: Row) -> None:
    of_all = share_of_mail(found.advice, row) if found.advice else None
    share = "" if of_all is None else f", {percent(of_all)} of all mail"
    sure = Certainty.NOT_KNOWN if row["class"] == "undecided" else INFERRED
    with st.container(gap="xxsmall"):
        size = f"{amount(row['messages'], 'message')}{share}"
        st.html(
            f'<p class="rua-say"><b>{text(row["source"])}</b> ({text(row["class"])}, {size}):'
            f" {text(row['reason'])}. {mark(sure)}</p>"
            f'<p class="rua-say rua-small"><b>Remedy:</b> {text(row["remedy"])}</p>'
            f'<p class="rua-say rua-small"><b>Fixed when</b> {text(row["fixed_when"])}.</p>'
        )
        label = f"Mail of {quoted(row['source'])}"
        source_links.of_source(found.name, row["source"], label, row["class"], else_domain=False)


def numbers(found: Domain) -> None:
    """The period in five numbers: what passes, and what the policy would do."""
    replay, total = found.replay, found.total
    low, high = replay["interval"] or (0, 0)
    st.header(f"At {record_of(found.tags)}")
    with st.container(horizontal=True):
        _number("Messages", amount(replay["messages"]), _by(replay["reporters"]))
        _number("Legitimate that passes", *_rate(total))
        _number("Legitimate lost", amount(replay["legitimate_lost"]), f"{low:,} – {high:,}")
        _number("Spoofing stopped", amount(replay["spoof_stopped"]), "messages")
        _number("Indirect lost", amount(replay["indirect_lost"]), "lists, forwarders")


def _by(reporters: int) -> str:
    return f"by {amount(reporters, 'reporter')}"


def _rate(total: Row) -> tuple[str, str]:
    if not total["enough"]:
        return "–", "too few messages" if total["legitimate"] else "no legitimate mail"
    rate = total["legitimate_aligned"] / total["legitimate"]
    return percent(rate), f"95 % interval {interval(total['interval'])}"


def _number(label: str, value: str, below: str) -> None:
    st.metric(label, value, below, delta_color="off", delta_arrow="off", border=True)


def rates(found: Domain, window: Window, palette: Palette) -> None:
    """Pass rates per day and per source, with the required rates and policy changes."""
    left, right = st.columns(2, gap="large")
    place = found.place
    with left:
        st.header("Legitimate mail that passes")
        frame = charts.rate_frame(found.days)
        if not frame.empty:
            name = f"Pass rate per day of {found.name}. {rate_words(found)}"
            changes = domain_charts.policy_frame(found.policy, window)
            gate = None if place is None else (place.rate, f"required {exact_percent(place.rate)}")
            draw(name, domain_charts.rate_per_day, frame, window, palette, changes, gate)
        say((rate_words(found), INFERRED))
        offer(frame, "pass rate per day")
    with right:
        st.header("Pass rate by source")
        frame = domain_charts.rates_frame(found.rates)
        if frame.empty:
            say(("No legitimate mail in this period.", OBSERVED))
            return
        floor = place.rate_of_source if place else settings().gates.rate_of_source
        name = f"Pass rate of each source of {found.name}"
        draw(name, domain_charts.rates_chart, frame, floor, palette)
        below = [row["source"] for row in frame.to_dict("records") if row["rate"] < floor]
        words = (
            f"Below {exact_percent(floor)}: {names(below)}."
            if below
            else f"Every source passes at {exact_percent(floor)} or more."
        )
        say((words, OBSERVED))
        offer(frame, "pass rate by source")


def mail(found: Domain, window: Window, palette: Palette) -> None:
    """Messages per day with the policy changes; in what-if mode by outcome."""
    changes = domain_charts.policy_frame(found.policy, window)
    st.header("Outcome per day" if found.is_whatif else "Messages per day")
    if found.is_whatif:
        frame, make = domain_charts.outcomes_frame(found.fates), domain_charts.outcomes_per_day
    else:
        frame, make = charts.messages_frame(found.days), charts.messages_per_day
    if not frame.empty:
        name = f"Messages per day of {found.name}"
        draw(name, domain_charts.per_day, make, frame, window, palette, changes)
    listed(policy_words(found, window), "Policy changes")
    offer(frame, "messages per day")


def losses(found: Domain, palette: Palette) -> None:
    """What the policy would lose, and what is left after each fix."""
    words = fix_words(found.replay, record_of(found.tags) + _relaxed(found))
    say((words, INFERRED))
    frame = domain_charts.loss_frame(found.replay)
    if len(frame) > 1:
        name = f"Legitimate mail still lost after each fix. {words}"
        draw(name, domain_charts.loss_chart, frame, palette)
    rows = found.replay["by_source"]
    if rows:
        with st.expander("Every source that would lose mail"):
            show_losses(rows)


def _relaxed(found: Domain) -> str:
    """Whether the policy relaxes alignment, which a record does not state."""
    published = found.advice["published"] if found.advice else {}
    now = {"adkim": found.tags.adkim, "aspf": found.tags.aspf}
    is_relaxed = any(published.get(tag) == "s" and mode == "r" for tag, mode in now.items())
    return " with relaxed alignment" if is_relaxed else ""


def unknown(found: Domain) -> None:
    """What the reports do not show."""
    notes: Sequence[Sentence] = unknowns(found)
    if notes:
        st.header("What is not known")
        listed(notes, "What is not known")
