"""The parts of the Sources screen: the list of services, and one service, network or address."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from analytics.query.window import Window
from analytics.sources.drilldown import network_of
from analytics.sources.summary import by_service
from dashboards.common.formatting import amount, day, quoted
from dashboards.web.components import source_charts as charts
from dashboards.web.components import source_columns as columns
from dashboards.web.components import theme
from dashboards.web.components.download import MOST_SAVED, offer, offer_all
from dashboards.web.components.label_form import Target, label_form, removal_form
from dashboards.web.components.render_chart import draw
from dashboards.web.components.table import Columns, Pager, key_of, pick, show
from dashboards.web.screens.sources.data import (
    Narrowed,
    Service,
    Services,
    networks,
    record_page,
    service_page,
    strips,
    whole_list,
    whole_records,
)
from dashboards.web.screens.sources.drilldown import open_below
from dashboards.web.session import navigation
from dashboards.web.session.query_cache import Chosen, Row, settings

__all__ = ["opened", "upper"]

SAVED = (
    *("domain", "source", "class", "decided_by", "source_ips", "messages", "aligned"),
    *("dkim_aligned", "spf_aligned", "indeterminate", "first_seen", "last_seen", "country"),
    *("asn", "as_name", "settled_by", "reason"),
)
SAVED_ADDRESS = ("source_ip", "ptr", *(key for key in SAVED if key != "source_ips"))
SAVED_NETWORK = ("network", *(key for key in SAVED if key != "source"))
SAVED_DAY = ("day", "messages", "aligned", "indeterminate")
SAVED_STRIP = ("domain", "source", "day", "messages", "aligned")
SAVED_RECORD = (
    *("day", "reporter", "domain", "source", "source_ip", "messages", "aligned"),
    *("dkim_aligned", "spf_aligned", "indeterminate", "disposition", "header_from"),
    *("envelope_from", "dkim_results", "spf_results", "reasons", "authenticity"),
    *("report", "ordinal"),
)


def upper(found: Services, chosen: Chosen, now: Narrowed) -> None:
    """All services, their days, and the undecided ones."""
    undecided = replace(now, class_="undecided")
    if now.class_ == undecided.class_:
        _undecided(found.count(now.class_), chosen, now)
        return
    st.header("Services")
    count = found.count(now.class_)
    if not count:
        st.info("No source matches in this period. Choose another class or reporter.")
    else:
        _services(count, chosen, now)
    if now.class_ is None:
        _undecided(found.count(undecided.class_), chosen, undecided)


def _services(count: int, chosen: Chosen, now: Narrowed) -> None:
    pager = Pager(key_of("services", chosen, now))
    page = pager.ask(lambda most, skip: service_page(chosen, now, most=most, skip=skip))
    days = strips(chosen, now, page)
    order = [(row["domain"], row["source"]) for row in page]
    counted = _days_of(days, order)
    with_days = [row | {"days": counted[row["domain"], row["source"]]} for row in page]
    key = f"{pager.key} {pager.skip}"
    _open_service(pick(with_days, columns.SERVICE_COLUMNS, "Services", key), now)
    pager.show(count, "service")
    st.caption(f"Tick a row (or Shift and Space) to open it. {_counting(now)}")
    _offer_list(count, "service", chosen, now)
    st.header("Days with mail")
    frame = charts.strip_frame(days, order)
    name = "Days with mail of each service of this page; the table has totals"
    draw(name, charts.strip_chart, frame, order, chosen.window, dark=theme.is_dark())
    offer(days, "days of these services", SAVED_STRIP)


def _offer_list(count: int, noun: str, chosen: Chosen, now: Narrowed) -> None:
    """All pages of a list of services."""
    offer_all(lambda _: whole_list(chosen, now), noun, SAVED, count=count, most=count)


def _days_of(days: Sequence[Row], order: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    counted = dict.fromkeys(order, 0)
    for row in days:
        counted[row["domain"], row["source"]] += 1
    return counted


def _counting(now: Narrowed) -> str:
    notes = []
    if now.reporter:
        notes.append(f"Messages seen by {quoted(now.reporter)} only.")
    if now.failing:
        notes.append("Messages that fail DMARC only.")
    return " ".join([*notes, "Days are in UTC."])


def _open_service(row: Row | None, now: Narrowed) -> None:
    if row is not None:
        open_below(now, source=row["source"], of=row["domain"])


def _undecided(count: int, chosen: Chosen, now: Narrowed) -> None:
    """Sources that the evidence does not decide, what would decide each, and the label form."""
    st.header("Undecided sources")
    if not count:
        st.markdown("No source is undecided.")
        return
    pager = Pager(key_of("undecided", chosen, now))
    page = pager.ask(lambda most, skip: service_page(chosen, now, most=most, skip=skip))
    key = f"{pager.key} {pager.skip}"
    _open_service(pick(page, columns.UNDECIDED_COLUMNS, "Undecided sources", key, lines=2), now)
    pager.show(count, "undecided source")
    _offer_list(count, "undecided source", chosen, now)
    with st.expander("Label one of these"):
        label_form(
            f"undecided {pager.skip}",
            [
                Target(row["domain"], row["source"], f"{row['source']} as {row['domain']}")
                for row in page
            ],
        )


def opened(found: Service, chosen: Chosen, now: Narrowed) -> None:
    """One service, network or address: what it is, its days, what lies below, its records."""
    rows = found.addresses
    if not rows:
        st.info(
            "**No such mail in this period.** Choose more days, another class or reporter, or all"
            " sources."
        )
        return
    _numbers(found, rows)
    _verdicts(rows)
    if now.ip:
        _facts(rows)
    _label(found, rows, now)
    if now.of:
        navigation.link("domain", f"Everything about {quoted(now.of)}", domain=now.of)
    _by_day(found, chosen.window)
    if not now.ip:
        _below(rows, chosen, now)
    _records(found, chosen, now)


def _numbers(found: Service, rows: Sequence[Row]) -> None:
    messages = sum(row["messages"] for row in rows)
    aligned = sum(row["aligned"] for row in rows)
    first, last = min(row["first_seen"] for row in rows), max(row["last_seen"] for row in rows)
    with st.container(horizontal=True):
        for label, value, below in (
            ("Messages", amount(messages), f"in {amount(found.total['records'], 'record')}"),
            ("Passing", amount(aligned), f"of {amount(messages)}"),
            ("Addresses", amount(len({row["source_ip"] for row in rows})), _networks(rows)),
            ("First seen", day(first), "UTC, within 400 days"),
            ("Last seen", day(last), f"by {amount(len(found.reporters), 'reporter')}"),
        ):
            st.metric(label, value, below, delta_color="off", delta_arrow="off", border=True)


def _networks(rows: Sequence[Row]) -> str:
    return f"in {amount(len({network_of(row['source_ip']) for row in rows}), 'network')}"


def _verdicts(rows: Sequence[Row]) -> None:
    """Its class for each domain, why, and what would decide it."""
    found = by_service(rows, settings().gates)
    if len(found) > 1:
        st.header("Classes")
        show(found, columns.VERDICT_COLUMNS, "Class for each domain", lines=2)
        return
    (row,) = found
    st.markdown(f"**Class: {row['class']}.** {quoted(row['reason'])}")
    if row["settled_by"]:
        st.markdown(f"**What would decide it:** {row['settled_by']}")


def _facts(rows: Sequence[Row]) -> None:
    """What is known of an address, for any domain."""
    row = rows[0]
    host = row["ptr"] or row["unconfirmed_ptr"]
    facts = {
        "Host name": host and f"{quoted(host)}{'' if row['ptr'] else ' (not confirmed)'}",
        "Network": row["as_name"] and f"AS {row['asn']}, {quoted(row['as_name'])}",
        "Country": row["country"],
        "Signed by others": row["other_dkim"] and quoted(row["other_dkim"]),
        "Sent as": row["other_spf"] and quoted(row["other_spf"]),
        "Most frequent Header From": row["header_from"] and quoted(row["header_from"]),
        "Rhythm": row["rhythm"],
    }
    known = [f"- {name}: {fact}" for name, fact in facts.items() if fact]
    unknown = [name.lower() for name, fact in facts.items() if not fact]
    missing = [f"- Not known: {', '.join(unknown)}"] if unknown else []
    st.markdown("\n".join([*known, *missing]))


def _label(found: Service, rows: Sequence[Row], now: Narrowed) -> None:
    domains = sorted({row["domain"] for row in rows})
    with st.expander("Label it: your label overrides every rule"):
        label_form("opened", [each for domain in domains for each in _targets(domain, now)])
        removal_form("opened", found.labels)


def _targets(domain: str, now: Narrowed) -> list[Target]:
    """What is open, the most specific first."""
    named = (("address", now.ip), ("network", now.network), ("service", now.source))
    return [
        Target(domain, match, f"the {kind} {match} as {domain}")
        for kind, match in named
        if match is not None
    ]


def _by_day(found: Service, window: Window) -> None:
    st.header("Messages per day")
    name = "Messages per day, passing and failing; the records are below"
    draw(name, charts.messages_by_day, charts.day_frame(found.days), window, theme.palette())
    offer(found.days, "days", SAVED_DAY)
    reporters = found.reporters
    with st.expander(f"Seen by {amount(len(reporters), 'reporter')}"):
        show(reporters, columns.REPORTER_COLUMNS, "Reporters")
        offer(reporters, "reporters", tuple(columns.REPORTER_COLUMNS))


def _below(rows: Sequence[Row], chosen: Chosen, now: Narrowed) -> None:
    """Networks where there are several, then addresses."""
    listed = networks(rows)
    if len(listed) > 1 and now.network is None:
        st.header("Networks")
        row = _picked_of(
            listed, columns.NETWORK_COLUMNS, "Networks", key_of("networks", chosen, now)
        )
        if row is not None:
            open_below(now, network=row["network"], of=row["domain"])
        offer(listed, "networks", SAVED_NETWORK)
    st.header("Addresses")
    row = _picked_of(rows, columns.ADDRESS_COLUMNS, "Addresses", key_of("addresses", chosen, now))
    if row is not None:
        open_below(now, ip=row["source_ip"], of=row["domain"])
    offer(rows, "addresses", SAVED_ADDRESS)


def _picked_of(rows: Sequence[Row], of: Columns, name: str, key: str) -> Row | None:
    """A page of a list at hand: its ticked row."""
    pager = Pager(key)
    row = pick(pager.of(rows), of, name, f"{key} {pager.skip}")
    pager.show(len(rows), "row")
    return row


def _records(found: Service, chosen: Chosen, now: Narrowed) -> None:
    """One page of them; a row leads to its report."""
    st.header("Records")
    count, pager = found.total["records"], Pager(key_of("records", chosen, now))
    rows = pager.ask(lambda most, skip: record_page(chosen, now, most=most, skip=skip))
    page = [_record(row) for row in rows]
    row = pick(page, columns.RECORD_COLUMNS, "Records", f"{pager.key} {pager.skip}")
    pager.show(count, "record")
    st.caption("Tick a row to open its report and the original document.")
    if row is not None:
        navigation.go("report", report=str(row["report"]))
    offer_all(
        lambda _: whole_records(chosen, now)[:MOST_SAVED], "record", SAVED_RECORD, count=count
    )


def _record(row: Row) -> Row:
    by = [name for name in ("dkim", "spf") if row[f"{name}_aligned"]]
    passes = f"by {' and '.join(name.upper() for name in by)}" if by else "no"
    return row | {"passes": "no result" if row["indeterminate"] else passes}
