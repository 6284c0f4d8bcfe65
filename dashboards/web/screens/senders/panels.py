"""The parts of the Unknown senders screen."""

from dataclasses import dataclass, replace

import streamlit as st

from analytics.sources.unclassified import Unknown
from dashboards.common.formatting import amount, quoted
from dashboards.web.components import source_charts as charts
from dashboards.web.components import source_columns as columns
from dashboards.web.components import theme
from dashboards.web.components.countries import World
from dashboards.web.components.download import MOST_SAVED, offer, offer_all
from dashboards.web.components.label_form import Target, label_form
from dashboards.web.components.render_chart import draw
from dashboards.web.components.table import Pager, key_of, pick
from dashboards.web.screens.senders.data import (
    NEW_DAYS,
    Senders,
    sender_page,
    whole_senders,
)
from dashboards.web.session.filters import chosen
from dashboards.web.session.navigation import go, here
from dashboards.web.session.query_cache import Row
from dashboards.web.session.url_state import COUNTRY, SHOW, bind

__all__ = ["Shown", "choose", "listed", "numbers", "on_the_map"]

KINDS = {"all": "New or undecided", "undecided": "Undecided", "new": "New"}
NOWHERE = "none"  # the country of an address that has none, in the URL
SAVED = (
    *("source_ip", "source", "domain", "is_new", "messages", "aligned", "first_seen", "last_seen"),
    *("class", "decided_by", "likely", "why", "settled_by", "country", "asn", "as_name", "ptr"),
)
COUNTS = ("addresses", "undecided", "new", "messages")
SAVED_COUNTRY = ("code", "name", "messages", "addresses", "undecided")


@dataclass(frozen=True, slots=True)
class Shown:
    """Which of them: `kind` of KINDS, and a country's code, NOWHERE, or None for all."""

    kind: str
    country: str | None

    def wanted(self) -> Unknown:
        """Of every country."""
        return Unknown(self.kind != "new", self.kind != "undecided")

    def of_country(self) -> Unknown:
        """Of the one that is chosen."""
        if self.country is None:
            return self.wanted()
        code = None if self.country == NOWHERE else self.country
        return replace(self.wanted(), anywhere=False, country=code)


def choose() -> Shown:
    """New senders, undecided ones, or both; of the country in the URL."""
    changed = bind(SHOW, "senders show", "all")
    st.segmented_control(
        "Show",
        list(KINDS),
        required=True,
        format_func=KINDS.__getitem__,
        key="senders show",
        on_change=changed,
        help=f"New: first seen in the last {NEW_DAYS} days of the period",
    )
    return Shown(SHOW.get() or "all", COUNTRY.get())


def numbers(found: Senders) -> None:
    """How many there are."""
    counts = {key: sum(row[key] for row in found.countries) for key in COUNTS}
    unplaced = _of_country(found, None)
    with st.container(horizontal=True):
        for label, value, below in (
            (
                "Senders",
                amount(counts["addresses"]),
                f"of {amount(found.every, 'pair')} of address and domain",
            ),
            (
                "Messages",
                amount(counts["messages"]),
                f"of {amount(found.total['messages'])}",
            ),
            ("Undecided", amount(counts["undecided"]), "senders"),
            ("New", amount(counts["new"]), f"in the last {NEW_DAYS} days"),
            (
                "No country known",
                amount(unplaced["addresses"]),
                amount(unplaced["messages"], "message"),
            ),
        ):
            st.metric(label, value, below, delta_color="off", delta_arrow="off", border=True)


def _of_country(found: Senders, code: str | None) -> Row:
    rows = (row for row in found.countries if row["country"] == code)
    return next(rows, dict.fromkeys(COUNTS, 0))


def on_the_map(found: Senders, world: World, now: Shown) -> None:
    """Countries by messages, and the same as a table."""
    rows = found.countries
    left, right = st.columns([2, 1], gap="large")
    with left:
        st.header("Map")
        name = "Messages by country, as in the table of countries"
        draw(name, charts.world_chart, rows, world, dark=theme.is_dark())
        st.caption(_off_the_map(rows, world))
    with right:
        st.header("Countries")
        named = [_country(row, world) for row in rows]
        pager = Pager(key_of("countries", chosen(), now), size=10)
        key = f"{pager.key} {pager.skip}"
        row = pick(pager.of(named), columns.COUNTRY_COLUMNS, "Countries", key)
        pager.show(len(named), "country")
        if row is not None:
            go("senders", show=now.kind, country=row["code"] or NOWHERE)
        offer(named, "countries", SAVED_COUNTRY)


def _country(row: Row, world: World) -> Row:
    code = row["country"]
    return row | {"code": code, "name": world.name(code) if code else "unknown"}


def _off_the_map(rows: list[Row], world: World) -> str:
    """What the map does not show."""
    unknown = sum(row["messages"] for row in rows if row["country"] is None)
    off = [row for row in rows if row["country"] and not world.shows(row["country"])]
    notes = ["Country of the address's registration, not of a person."]
    if unknown:
        notes.append(f"{amount(unknown, 'message')} from addresses without a country.")
    if off:
        codes = ", ".join(quoted(row["country"]) for row in off)
        notes.append(
            f"{amount(sum(row['messages'] for row in off), 'message')} off the map: {codes}."
        )
    return " ".join(notes)


def listed(found: Senders, now: Shown) -> None:
    """The senders, a page at a time; a row leads to its records."""
    st.header("Senders")
    _way_back(now)
    wanted = now.of_country()
    of = found.countries if wanted.anywhere else [_of_country(found, wanted.country)]
    count = sum(row["addresses"] for row in of)
    if not count:
        st.info("No such sender in that country.")
        return
    pager = Pager(key_of("senders", chosen(), now))
    rows = pager.ask(lambda most, skip: sender_page(chosen(), wanted, most=most, skip=skip))
    page, key = [_sender(row) for row in rows], f"{pager.key} {pager.skip}"
    row = pick(page, columns.SENDER_COLUMNS, "Unknown senders", key, lines=2)
    pager.show(count, "sender")
    if row is not None:
        go("sources", ip=row["source_ip"], of=row["domain"])
    st.caption("Tick a row to see its records. A best guess is not counted. Days are in UTC.")
    offer_all(
        lambda _: whole_senders(chosen(), wanted)[:MOST_SAVED],
        "unknown sender",
        SAVED,
        count=count,
    )
    with st.expander("Label one of these"):
        label_form(f"senders {pager.skip}", [_target(row) for row in page])


def _way_back(now: Shown) -> None:
    """From one country to all."""
    if now.country is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        where = "no country" if now.country == NOWHERE else quoted(now.country)
        st.markdown(f"From {where} only.", width="content")
        st.button("Show all countries", on_click=here, args=({"show": now.kind},), type="tertiary")


def _sender(row: Row) -> Row:
    guess = f"undecided: perhaps {row['likely']}" if row["likely"] else "undecided"
    class_ = guess if row["class"] == "undecided" else row["class"]
    return row | {"likely": class_, "is_new": "new" if row["is_new"] else None}


def _target(row: Row) -> Target:
    return Target(
        row["domain"],
        row["source_ip"],
        f"{row['source_ip']} ({row['source']}) as {row['domain']}",
    )
