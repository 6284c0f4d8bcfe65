"""The screen of unknown senders, panel by panel."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboards import charts_sources as charts
from dashboards import source_tables as tables
from dashboards.data import Row
from dashboards.data.senders import NEW_DAYS, Senders, countries
from dashboards.filters import chosen
from dashboards.label_form import Target, label_form
from dashboards.links import go
from dashboards.narrowing import here
from dashboards.panels import palette
from dashboards.theme import ON_DARK
from dashboards.whole_tables import offer
from dashboards.wording import amount, quoted
from dashboards.world import World

__all__ = ["Shown", "choose", "listed", "numbers", "of_country", "on_the_map", "wanted"]

KINDS = {"all": "New or undecided", "undecided": "Undecided", "new": "New"}
NOWHERE = "none"  # the country of an address that has none, in the URL
SAVED = (
    *("source_ip", "source", "domain", "is_new", "messages", "aligned", "first_seen", "last_seen"),
    *("class", "decided_by", "likely", "why", "settled_by", "country", "asn", "as_name", "ptr"),
)
SAVED_COUNTRY = ("code", "name", "messages", "addresses", "undecided")


@dataclass(frozen=True, slots=True)
class Shown:
    """Which of them: `kind` of KINDS, and a country's code, NOWHERE, or None for all."""

    kind: str
    country: str | None


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


def wanted(found: Senders, now: Shown) -> list[Row]:
    """Of every country."""
    tests = {"undecided": lambda row: row["class"] == "undecided", "new": lambda row: row["is_new"]}
    return [row for row in found.rows if tests.get(now.kind, bool)(row)]


def of_country(rows: Sequence[Row], now: Shown) -> list[Row]:
    if now.country is None:
        return list(rows)
    code = None if now.country == NOWHERE else now.country
    return [row for row in rows if row["country"] == code]


def numbers(found: Senders, rows: Sequence[Row]) -> None:
    """How many there are of how many."""
    messages = sum(row["messages"] for row in rows)
    unplaced = [row for row in rows if row["country"] is None]
    with st.container(horizontal=True):
        for label, value, below in (
            ("Addresses", amount(len(rows)), f"of {amount(found.known + len(found.rows))} in all"),
            ("Messages", amount(messages), f"of {amount(found.total['messages'])} in all"),
            ("Undecided", amount(sum(row["class"] == "undecided" for row in rows)), "addresses"),
            ("New", amount(sum(row["is_new"] for row in rows)), f"in the last {NEW_DAYS} days"),
            (
                "No country known",
                amount(len(unplaced)),
                amount(sum(row["messages"] for row in unplaced), "message"),
            ),
        ):
            st.metric(label, value, below, delta_color="off", delta_arrow="off", border=True)


def on_the_map(rows: Sequence[Row], world: World, now: Shown) -> None:
    """Countries by messages, and the same as a table."""
    found = countries(rows)
    left, right = st.columns([2, 1], gap="large")
    with left:
        st.header("Where they are")
        chart = charts.world_chart(found, world, dark=palette() is ON_DARK)
        st.altair_chart(chart, alt="Messages by country, as in the table of countries")
        st.caption(_off_the_map(found, world))
    with right:
        st.header("Countries")
        told = [_country(row, world) for row in found]
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


def _off_the_map(rows: Sequence[Row], world: World) -> str:
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


def listed(rows: Sequence[Row], now: Shown) -> None:
    """The addresses, a page at a time; a row leads to its records."""
    st.header("Addresses")
    if now.country is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            where = "no known country" if now.country == NOWHERE else quoted(now.country)
            st.markdown(f"Of {where} alone.", width="content")
            st.button(
                "Show all countries", on_click=here, args=({"show": now.kind},), type="tertiary"
            )
    if not rows:
        st.info("No such address is of that country.")
        return
    key = tables.key_of("senders", chosen(), now)
    skip, most = tables.page_of(len(rows), "address", key)
    page = [_sender(row) for row in rows[skip : skip + most]]
    row = tables.picked(page, tables.SENDER_COLUMNS, "Unknown senders", f"{key} {skip}", lines=2)
    if row is not None:
        go("sources", ip=row["source_ip"], of=row["domain"])
    st.caption(
        "Tick a row to see its records. What an undecided one may be is for the eye alone:"
        " nothing counts by it. First seen looks back 400 days. Days are in UTC."
    )
    offer(rows, SAVED, "unknown-senders", "address")
    with st.expander("Say what one of these is"):
        label_form(f"senders {skip}", [_target(row) for row in page])


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
