"""The screen of unknown senders, panel by panel."""

from dataclasses import dataclass, replace

import streamlit as st

from analytics.sources.unclassified import Unknown
from dashboards.common.formatting import amount, quoted
from dashboards.common.palette import ON_DARK
from dashboards.web.components import source_charts as charts
from dashboards.web.components import source_tables as tables
from dashboards.web.components.countries import World
from dashboards.web.components.csv_download import offer, offer_prepared
from dashboards.web.components.label_form import Target, label_form
from dashboards.web.components.render_chart import draw
from dashboards.web.screens.monday.panels import palette
from dashboards.web.screens.senders.data import (
    MOST_SAVED,
    NEW_DAYS,
    Senders,
    sender_page,
    whole_senders,
)
from dashboards.web.screens.sources.drilldown import here
from dashboards.web.session.filters import chosen
from dashboards.web.session.navigation import go
from dashboards.web.session.query_cache import Row

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
    """From the URL: ?show= and ?country=; the widget writes into it."""
    said = st.query_params.get("show", "all")
    now = Shown(said if said in KINDS else "all", st.query_params.get("country"))
    st.session_state["senders show"] = now.kind
    st.segmented_control(
        "Show",
        list(KINDS),
        required=True,
        format_func=KINDS.__getitem__,
        key="senders show",
        on_change=_write,
        help=f"New: first seen in the last {NEW_DAYS} of these days",
    )
    return now


def _write() -> None:
    st.query_params["show"] = st.session_state["senders show"]


def numbers(found: Senders) -> None:
    """How many there are of how many."""
    counts = {key: sum(row[key] for row in found.countries) for key in COUNTS}
    unplaced = _of_country(found, None)
    with st.container(horizontal=True):
        for label, value, below in (
            ("Addresses", amount(counts["addresses"]), f"of {amount(found.every)} in all"),
            (
                "Messages",
                amount(counts["messages"]),
                f"of {amount(found.total['messages'])} in all",
            ),
            ("Undecided", amount(counts["undecided"]), "addresses"),
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
        st.header("Where they are")
        name = "Messages by country, as in the table of countries"
        draw(name, charts.world_chart, rows, world, dark=palette() is ON_DARK)
        st.caption(_off_the_map(rows, world))
    with right:
        st.header("Countries")
        told = [_country(row, world) for row in rows]
        key = tables.key_of("countries", chosen(), now)
        skip, most = tables.page_of(len(told), "country", key, size=10)
        page = told[skip : skip + most]
        row = tables.picked(page, tables.COUNTRY_COLUMNS, "Countries", f"{key} {skip}")
        if row is not None:
            go("senders", show=now.kind, country=row["code"] or NOWHERE)
        offer(told, SAVED_COUNTRY, "countries", "country")


def _country(row: Row, world: World) -> Row:
    code = row["country"]
    return row | {"code": code, "name": world.name(code) if code else "not known"}


def _off_the_map(rows: list[Row], world: World) -> str:
    """What the colours leave out."""
    unknown = sum(row["messages"] for row in rows if row["country"] is None)
    off = [row for row in rows if row["country"] and not world.shows(row["country"])]
    said = ["By the country that the address is registered in, which is not that of a person."]
    if unknown:
        said.append(f"{amount(unknown, 'message')} from addresses without a known country.")
    if off:
        codes = ", ".join(quoted(row["country"]) for row in off)
        said.append(
            f"{amount(sum(row['messages'] for row in off), 'message')} off the map: {codes}."
        )
    return " ".join(said)


def listed(found: Senders, now: Shown) -> None:
    """The addresses, a page at a time; a row leads to its records."""
    st.header("Addresses")
    _way_back(now)
    wanted = now.of_country()
    of = found.countries if wanted.anywhere else [_of_country(found, wanted.country)]
    count = sum(row["addresses"] for row in of)
    if not count:
        st.info("No such address is of that country.")
        return
    key = tables.key_of("senders", chosen(), now)
    skip, most = tables.page_of(count, "address", key)
    rows = sender_page(chosen(), wanted, most=most, skip=skip)
    page = [_sender(row) for row in rows]
    row = tables.picked(page, tables.SENDER_COLUMNS, "Unknown senders", f"{key} {skip}", lines=2)
    if row is not None:
        go("sources", ip=row["source_ip"], of=row["domain"])
    st.caption(
        "Tick a row to see its records. What an undecided one may be is for the eye alone:"
        " nothing counts by it. First seen looks back 400 days. Days are in UTC."
    )
    offer_prepared(
        lambda: whole_senders(chosen(), wanted),
        SAVED,
        "unknown-senders",
        "address",
        count=count,
        most=MOST_SAVED,
    )
    with st.expander("Say what one of these is"):
        label_form(f"senders {skip}", [_target(row) for row in page])


def _way_back(now: Shown) -> None:
    """From one country to all."""
    if now.country is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        where = "no known country" if now.country == NOWHERE else quoted(now.country)
        st.markdown(f"Of {where} alone.", width="content")
        st.button("Show all countries", on_click=here, args=({"show": now.kind},), type="tertiary")


def _sender(row: Row) -> Row:
    leaning = f"undecided: perhaps {row['likely']}" if row["likely"] else "undecided"
    said = leaning if row["class"] == "undecided" else row["class"]
    return row | {"likely": said, "is_new": "new" if row["is_new"] else None}


def _target(row: Row) -> Target:
    return Target(
        row["domain"],
        row["source_ip"],
        f"{row['source_ip']} ({row['source']}) as {row['domain']}",
    )
