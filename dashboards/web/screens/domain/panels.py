"""The panels of the Domain screen: verdict, road, gates, rates, losses, and what is not known."""

from collections.abc import Sequence

import streamlit as st

from analytics.query.statement import Certainty
from analytics.query.window import Window
from dashboards.common.formatting import amount, day, interval, percent, quoted
from dashboards.common.palette import Palette
from dashboards.common.verdicts import names, next_step
from dashboards.web.components import charts, domain_cards, source_links, table
from dashboards.web.components.downloads import offer
from dashboards.web.components.render_chart import draw
from dashboards.web.components.sentences import Said, listed, mark, record, say, text
from dashboards.web.screens.domain import charts as domain_charts
from dashboards.web.screens.domain.data import Domain
from dashboards.web.screens.domain.rollout_chart import gates_frame, road, road_name
from dashboards.web.screens.domain.text import fix_words, left_open, policy_words, rate_words, whole
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
    say((f"{domain_cards.capital(advice['reason'])}.", INFERRED))
    st.html(f'<p class="rua-say"><b>Next:</b> {text(next_step(advice))}</p>')
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
        count = amount(left_out, "report")
        words = f"The advice leaves out {count} that nothing proves; the panels below count them."
        say((words, OBSERVED))


def _why_no_advice(found: Domain) -> str:
    if not found.is_ours:
        return (
            "This domain is not in the settings, and anyone can mail a report about any domain:"
            " nothing is advised on it."
        )
    return "No report of these days is about this domain: see whether rua is published."


def the_road(found: Domain, palette: Palette) -> None:
    """The picture, and the gates in words."""
    place, advice = found.place, found.advice
    if place is None or advice is None:
        return
    st.header("The road to reject")
    tried = found.tags.p if found.is_whatif else None
    draw(road_name(found.name, place, advice, tried), road, place, advice, tried, palette)
    frame = gates_frame(place).drop(columns="x")
    if frame.empty:
        say(("Parked by its owner's word: no gates stand before it.", None))
        return
    closed = [gate["name"] for gate in place.gates if not gate["ok"]]
    ahead = f"before p={place.next}" if place.next else "that matter now"
    words = f"{len(place.gates) - len(closed)} of {len(place.gates)} gates {ahead} are open (rings)"
    said = f"{words}; closed (crosses): {', '.join(closed)}." if closed else f"{words}."
    say((said, OBSERVED))
    with st.expander("All gates: measured, required, and on what basis"):
        table.show_gates(frame, "Gates")


def blockers(found: Domain) -> None:
    """What stands in the way, the largest first, each with its remedy."""
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
    offer(rows, "What blocks")


def _blocker(found: Domain, row: Row) -> None:
    share = "" if row["share"] is None else f", {percent(row['share'])} of legitimate mail"
    sure = Certainty.NOT_KNOWN if row["class"] == "undecided" else INFERRED
    with st.container(gap="xxsmall"):
        size = f"{amount(row['messages'], 'message')}{share}"
        st.html(
            f'<p class="rua-say"><b>{text(row["source"])}</b> ({text(row["class"])}, {size}):'
            f" {text(row['reason'])}. {mark(sure)}</p>"
            f'<p class="rua-say rua-small"><b>Remedy:</b> {text(row["remedy"])}</p>'
            f'<p class="rua-say rua-small"><b>Mended when</b> {text(row["fixed_when"])}.</p>'
        )
        label = f"Mail of {quoted(row['source'])}"
        source_links.of_source(found.name, row["source"], label, row["class"], else_domain=False)


def numbers(found: Domain) -> None:
    """The window in five numbers: what passes, and what the policy that is looked at would do."""
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
        return "–", "too few to tell" if total["legitimate"] else "no legitimate mail"
    rate = total["legitimate_aligned"] / total["legitimate"]
    return percent(rate), f"95 % interval {interval(total['interval'])}"


def _number(label: str, value: str, below: str) -> None:
    st.metric(label, value, below, delta_color="off", delta_arrow="off", border=True)


def rates(found: Domain, window: Window, palette: Palette) -> None:
    """Pass rates per day and per source, against the gates' lines, with policy changes."""
    left, right = st.columns(2, gap="large")
    place = found.place
    with left:
        st.header("Legitimate mail that passes")
        frame = charts.rate_frame(found.days)
        if not frame.empty:
            name = f"Pass rate per day of {found.name}. {rate_words(found)}"
            changes = domain_charts.policy_frame(found.policy, window)
            gate = None if place is None else (place.rate, f"gate {whole(place.rate)}")
            draw(name, domain_charts.rate_per_day, frame, window, palette, changes, gate)
        say((rate_words(found), INFERRED))
        offer(frame, "Pass rate per day")
    with right:
        st.header("Each source that passes")
        frame = domain_charts.rates_frame(found.rates)
        if frame.empty:
            say(("No legitimate mail in these days.", OBSERVED))
            return
        floor = place.rate_of_source if place else settings().gates.rate_of_source
        name = f"Pass rate of each source of {found.name}"
        draw(name, domain_charts.rates_chart, frame, floor, palette)
        below = [row["source"] for row in frame.to_dict("records") if row["rate"] < floor]
        said = (
            f"Below the line of {whole(floor)}: {names(below)}."
            if below
            else (f"Every source passes at {whole(floor)} or more.")
        )
        say((said, OBSERVED))
        offer(frame, "Each source that passes")


def mail(found: Domain, window: Window, palette: Palette) -> None:
    """Messages per day with the policy changes, and in the what-if mode what becomes of them."""
    changes = domain_charts.policy_frame(found.policy, window)
    st.header("What would become of each day's mail" if found.is_whatif else "Messages per day")
    if found.is_whatif:
        frame, make = domain_charts.fates_frame(found.fates), domain_charts.fates_per_day
    else:
        frame, make = charts.messages_frame(found.days), charts.messages_per_day
    if not frame.empty:
        name = f"Messages per day of {found.name}"
        draw(name, domain_charts.per_day, make, frame, window, palette, changes)
    listed(policy_words(found, window), "Policy changes")
    offer(frame, "Messages per day")


def losses(found: Domain, palette: Palette) -> None:
    """What would be lost under the policy looked at, and what is left after each fix."""
    said = fix_words(found.replay, record_of(found.tags) + _relaxed(found))
    say((said, INFERRED))
    frame = domain_charts.loss_frame(found.replay)
    if len(frame) > 1:
        name = f"Legitimate mail still lost after each fix. {said}"
        draw(name, domain_charts.loss_chart, frame, palette)
    rows = found.replay["by_source"]
    if rows:
        with st.expander("Every source that would lose mail"):
            table.show_losses(rows, "Sources that would lose mail")


def _relaxed(found: Domain) -> str:
    """Whether the policy looked at is milder in what a record leaves out: relaxed alignment."""
    published = found.advice["published"] if found.advice else {}
    now = {"adkim": found.tags.adkim, "aspf": found.tags.aspf}
    is_milder = any(published.get(tag) == "s" and mode == "r" for tag, mode in now.items())
    return " with relaxed alignment" if is_milder else ""


def unknown(found: Domain) -> None:
    """What all of this leaves open."""
    said: Sequence[Said] = left_open(found)
    if said:
        st.header("What is not known")
        listed(said, "What is not known")
