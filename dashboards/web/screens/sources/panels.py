"""The screen of sources, panel by panel: the list of services, and what lies below one."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from analytics.query.window import Window
from analytics.sources.drilldown import network_of
from analytics.sources.summary import by_service
from dashboards.common.formatting import amount, day, quoted
from dashboards.common.palette import ON_DARK
from dashboards.web.components import source_charts as charts
from dashboards.web.components import source_tables as tables
from dashboards.web.components.csv_download import offer, offer_prepared
from dashboards.web.components.label_form import Target, label_form, taking_back
from dashboards.web.components.render_chart import draw
from dashboards.web.screens.monday.panels import palette
from dashboards.web.screens.sources.data import (
    MOST_RECORDS,
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
REPORT_SCREEN, DOMAIN_SCREEN = "report", "domain"


def upper(found: Services, chosen: Chosen, now: Narrowed) -> None:
    """All services, their days, and those that are undecided."""
    undecided = replace(now, class_="undecided")
    if now.class_ == undecided.class_:
        _undecided(found.count(now.class_), chosen, now)
        return
    st.header("Services")
    count = found.count(now.class_)
    if not count:
        st.info("No source in these days is of that choice. Choose another class or reporter.")
    else:
        _services(count, chosen, now)
    if now.class_ is None:
        _undecided(found.count(undecided.class_), chosen, undecided)


def _services(count: int, chosen: Chosen, now: Narrowed) -> None:
    key = tables.key_of("services", chosen, now)
    skip, most = tables.page_of(count, "service", key)
    page = service_page(chosen, now, most=most, skip=skip)
    days = strips(chosen, now, page)
    order = [(row["domain"], row["source"]) for row in page]
    counted = _days_of(days, order)
    with_days = [row | {"days": counted[row["domain"], row["source"]]} for row in page]
    _open_service(
        tables.picked(with_days, tables.SERVICE_COLUMNS, "Services", f"{key} {skip}"), now
    )
    st.caption(f"Tick a row (or Shift and Space) to look into it. {_counting(now)}")
    _offer_list(count, "sources", "service", chosen, now)
    st.header("Days with mail")
    frame = charts.strip_frame(days, order)
    name = "Days with mail of each service of this page; the table has totals"
    draw(name, charts.strip_chart, frame, order, chosen.window, dark=is_dark())
    offer(days, SAVED_STRIP, "days-of-services", "day of these services")


def _offer_list(count: int, file: str, noun: str, chosen: Chosen, now: Narrowed) -> None:
    """All of a list, which are asked for where they are wanted."""
    offer_prepared(lambda: whole_list(chosen, now), SAVED, file, noun, count=count, most=count)


def _days_of(days: Sequence[Row], order: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    counted = dict.fromkeys(order, 0)
    for row in days:
        counted[row["domain"], row["source"]] += 1
    return counted


def _counting(now: Narrowed) -> str:
    said = []
    if now.reporter:
        said.append(f"Messages are those that {quoted(now.reporter)} tells of.")
    if now.failing:
        said.append("Only messages that do not pass aligned are counted.")
    return " ".join([*said, "Days are in UTC."])


def _open_service(row: Row | None, now: Narrowed) -> None:
    if row is not None:
        open_below(now, source=row["source"], of=row["domain"])


def _undecided(count: int, chosen: Chosen, now: Narrowed) -> None:
    """What the evidence cannot tell, what would settle each, and a form for the owner's word."""
    st.header("Undecided sources")
    if not count:
        st.markdown("No source is undecided.")
        return
    key = tables.key_of("undecided", chosen, now)
    skip, most = tables.page_of(count, "undecided source", key)
    page = service_page(chosen, now, most=most, skip=skip)
    picked = tables.picked(
        page, tables.UNDECIDED_COLUMNS, "Undecided sources", f"{key} {skip}", lines=2
    )
    _open_service(picked, now)
    _offer_list(count, "undecided-sources", "undecided source", chosen, now)
    with st.expander("Say what one of these is"):
        label_form(
            f"undecided {skip}",
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
            "**No such mail in these days.** Choose more days, another class or reporter, or go"
            " back to all sources."
        )
        return
    _numbers(found, rows)
    _verdicts(rows)
    if now.ip:
        _facts(rows)
    _label(found, rows, now)
    if now.of and DOMAIN_SCREEN in navigation.SCREENS:
        navigation.link(DOMAIN_SCREEN, f"Everything about {quoted(now.of)}", domain=now.of)
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
            ("Addresses", amount(len(rows)), _networks_said(rows)),
            ("First seen", day(first), "UTC, in 400 days"),
            ("Last seen", day(last), f"by {amount(len(found.reporters), 'reporter')}"),
        ):
            st.metric(label, value, below, delta_color="off", delta_arrow="off", border=True)


def _networks_said(rows: Sequence[Row]) -> str:
    return f"in {amount(len({network_of(row['source_ip']) for row in rows}), 'network')}"


def _verdicts(rows: Sequence[Row]) -> None:
    """Its class for each domain, why, and what would settle it."""
    found = by_service(rows, settings().gates)
    if len(found) > 1:
        st.header("What it is")
        tables.shown(found, tables.VERDICT_COLUMNS, "What it is for each domain", lines=2)
        return
    (row,) = found
    st.markdown(f"**Class: {row['class']}.** {quoted(row['reason'])}")
    if row["settled_by"]:
        st.markdown(f"**To settle it:** {row['settled_by']}")


def _facts(rows: Sequence[Row]) -> None:
    """What is known of an address, whatever domain it sends as."""
    row = rows[0]
    host = row["ptr"] or row["unconfirmed_ptr"]
    facts = {
        "Host name": host and f"{quoted(host)}{'' if row['ptr'] else ' (not confirmed)'}",
        "Network": row["as_name"] and f"AS {row['asn']}, {quoted(row['as_name'])}",
        "Country": row["country"],
        "Signed by others": row["other_dkim"] and quoted(row["other_dkim"]),
        "Sent as": row["other_spf"] and quoted(row["other_spf"]),
        "Header From, mostly": row["header_from"] and quoted(row["header_from"]),
        "Rhythm": row["rhythm"],
    }
    known = [f"- {name}: {said}" for name, said in facts.items() if said]
    unknown = [name.lower() for name, said in facts.items() if not said]
    missing = [f"- Not known: {', '.join(unknown)}"] if unknown else []
    st.markdown("\n".join([*known, *missing]))


def _label(found: Service, rows: Sequence[Row], now: Narrowed) -> None:
    domains = sorted({row["domain"] for row in rows})
    with st.expander("Label it: your word stands over every rule"):
        label_form("opened", [each for domain in domains for each in _targets(domain, now)])
        taking_back("opened", found.labels)


def _targets(domain: str, now: Narrowed) -> list[Target]:
    """What has been opened, the most exact first."""
    named = (("address", now.ip), ("network", now.network), ("service", now.source))
    return [
        Target(domain, match, f"the {kind} {match} as {domain}")
        for kind, match in named
        if match is not None
    ]


def _by_day(found: Service, window: Window) -> None:
    st.header("Messages per day")
    name = "Messages per day, passing and failing; the records below have them"
    draw(name, charts.messages_by_day, charts.day_frame(found.days), window, palette())
    offer(found.days, SAVED_DAY, "days", "day")
    reporters = found.reporters
    with st.expander(f"Told by {amount(len(reporters), 'reporter')}"):
        tables.shown(reporters, tables.REPORTER_COLUMNS, "Reporters")
        offer(reporters, tuple(tables.REPORTER_COLUMNS), "reporters", "reporter")


def _below(rows: Sequence[Row], chosen: Chosen, now: Narrowed) -> None:
    """Networks where there are several, then addresses."""
    key = tables.key_of("below", chosen, now)
    listed = networks(rows)
    if len(listed) > 1 and now.network is None:
        st.header("Networks")
        skip, most = tables.page_of(len(listed), "network", f"networks {key}")
        page = listed[skip : skip + most]
        row = tables.picked(page, tables.NETWORK_COLUMNS, "Networks", f"networks {key} {skip}")
        if row is not None:
            open_below(now, network=row["network"], of=row["domain"])
        offer(listed, SAVED_NETWORK, "networks", "network")
    st.header("Addresses")
    skip, most = tables.page_of(len(rows), "address", f"addresses {key}")
    page = list(rows[skip : skip + most])
    row = tables.picked(page, tables.ADDRESS_COLUMNS, "Addresses", f"addresses {key} {skip}")
    if row is not None:
        open_below(now, ip=row["source_ip"], of=row["domain"])
    offer(rows, SAVED_ADDRESS, "addresses", "address")


def _records(found: Service, chosen: Chosen, now: Narrowed) -> None:
    """One page of them, asked for as a page; a row leads on to its report."""
    st.header("Records")
    count, key = found.total["records"], tables.key_of("records", chosen, now)
    skip, most = tables.page_of(count, "record", key)
    page = [_said(row) for row in record_page(chosen, now, most=most, skip=skip)]
    if REPORT_SCREEN not in navigation.SCREENS:
        tables.shown(page, tables.RECORD_COLUMNS, "Records")
        st.caption("`rua show REPORT` shows a report, `rua show REPORT --raw` its document.")
    else:
        row = tables.picked(page, tables.RECORD_COLUMNS, "Records", f"{key} {skip}")
        st.caption("Tick a row to see its report, and from there the original document.")
        if row is not None:
            navigation.go(REPORT_SCREEN, report=str(row["report"]))
    offer_prepared(
        lambda: whole_records(chosen, now),
        SAVED_RECORD,
        "records",
        "record",
        count=count,
        most=MOST_RECORDS,
    )


def _said(row: Row) -> Row:
    by = [name for name in ("dkim", "spf") if row[f"{name}_aligned"]]
    passes = f"by {' and '.join(name.upper() for name in by)}" if by else "no"
    return row | {"passes": "no result" if row["indeterminate"] else passes}


def is_dark() -> bool:
    return palette() is ON_DARK
