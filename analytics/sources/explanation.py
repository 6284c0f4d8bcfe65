"""Explains in one sentence why a source has its class, and what would decide an undecided one."""

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["reason", "settled_by"]

Row = Mapping[str, Any]


def reason(row: Row) -> str:
    """One sentence on a row of `source_class`."""
    if row["decided_by"] == "label":
        labelled = f"your label of {row['labelled_at']:%Y-%m-%d}: {row['class']}"
        return f"{labelled}, {row['note']}" if row["note"] else labelled
    if row["decided_by"] == "approved":
        return f"approved in the settings as {row['match']}; {_counted(row)}"
    return f"{RULES[row['rule']](row)}; {_seen(row)}"


def settled_by(row: Row) -> str | None:
    """What would decide an undecided source; None for any other."""
    if row["class"] != "undecided":
        return None
    return SETTLED_BY.get(row["rule"], "your label: is it yours?")


def _counted(row: Row) -> str:
    return f"{row['aligned']:,} of {_some(row['messages'], 'message')} pass DMARC"


def _seen(row: Row) -> str:
    """On how many days and by how many reporters it was seen."""
    parts = [f"seen on {_some(row['days'], 'day')}", f"by {_some(row['reporters'], 'reporter')}"]
    if row["aligned"]:
        return ", ".join(parts)
    if row["rhythm"]:
        parts.insert(0, row["rhythm"])
    elif row["stream_rhythm"]:
        parts.append(f"the service as a whole {row['stream_rhythm']}")
    return ", ".join(parts)


def _some(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _none_of(row: Row) -> str:
    return f"none of {_some(row['messages'], 'message')} passes DMARC"


def _other(row: Row) -> str:
    """The other domains that authenticate it."""
    signed, sent = row["other_dkim"], row["other_spf"]
    if signed and sent and signed != sent:
        return f"signed by {signed}, sent as {sent}"
    return f"signed by {signed}" if signed else f"sent as {sent}"


def _forwarder_keeps(row: Row) -> str:
    by = f"sent on as {row['other_spf']}" if row["other_spf"] else "from a network not in SPF"
    return f"{_counted(row)}, by the intact DKIM signature only, {by}"


def _broken_lately(row: Row) -> str:
    return (
        f"{_counted(row)}; in the last 7 days {row['fresh_fails']:,} of"
        f" {row['fresh_messages']:,} fail, last pass on {row['last_aligned']:%Y-%m-%d}"
    )


def _signature_breaks(row: Row) -> str:
    return f"{_none_of(row)}: it signs as the domain, but the signature fails"


def _list(row: Row) -> str:
    if row["called_list"]:
        return f"receivers mark {row['called_list']:,} of {row['messages']:,} as mailing_list"
    if row["rule"] == "list-host":
        return f"{row['source']} hosts mailing lists; {_none_of(row)}"
    return f"the domain's signature fails, and the mail is {_other(row)}, typical of a mailing list"


def _forwarder(row: Row) -> str:
    if row["called_forwarded"] or row["sealed"]:
        called = row["called_forwarded"] + row["sealed"]
        return f"receivers mark {called:,} of {row['messages']:,} as forwarded"
    if row["rule"] == "forwarder-host":
        return f"{row['source']} forwards mail; {_none_of(row)}"
    if row["rule"] == "forwarder-rewrites":
        return f"the domain's signature breaks in transit, and the mail is {_other(row)}"
    return f"a few messages a day, {_other(row)}, from that provider's own hosts"


def _unsigned(row: Row) -> str:
    return f"{_none_of(row)}: unsigned and not in SPF, but from one address at regular intervals"


def _stranger(row: Row) -> str:
    return (
        f"{_none_of(row)}: {_other(row)}, an unrelated domain, in bursts"
        f" from {_some(row['stream_networks'], 'network')}"
    )


def _crowd(row: Row) -> str:
    networks = max(row["crowd_networks"], row["window_crowd_networks"])
    parts = [f"{_none_of(row)}, no authentication"]
    if networks > 1:
        parts.append(f"one of many hosts in {networks:,} unrelated networks")
    if row["strange_name"]:
        parts.append(f"From is {row['header_from']}, which has never passed DMARC")
    return ", ".join(parts)


def _vendor(row: Row) -> str:
    return f"{_none_of(row)}: {_other(row)}, a service with many customers, {{}}"


def _undecided(row: Row) -> str:
    if row["other_dkim"] or row["other_spf"]:
        return f"{_none_of(row)}: {_other(row)}"
    return f"{_none_of(row)}, no authentication"


RULES: Mapping[str, Callable[[Row], str]] = {
    "passes": _counted,
    "temporary-own": lambda row: "only temporary errors at receivers, from a source that is yours",
    "temporary": lambda row: "only temporary errors at receivers",
    "forwarder-keeps-signature": _forwarder_keeps,
    "broken-lately": _broken_lately,
    "broken-alignment": lambda row: (
        f"{_none_of(row)}: it authenticates as a subdomain, which strict alignment does not accept"
    ),
    "broken-signature-vendor": _signature_breaks,
    "broken-signature": _signature_breaks,
    "broken-tenant": lambda row: f"{_none_of(row)}: {_other(row)}, an account of yours",
    "broken-known": lambda row: f"{_none_of(row)}, though other hosts of {row['source']} do",
    "broken-vendor": lambda row: _vendor(row).format("at regular intervals"),
    "broken-unsigned": _unsigned,
    "list-called": _list,
    "list-host": _list,
    "list-signature": _list,
    "forwarder-called": _forwarder,
    "forwarder-host": _forwarder,
    "forwarder-rewrites": _forwarder,
    "forwarder-unsigned": _forwarder,
    "spoof-stranger": _stranger,
    "spoof-crowd": _crowd,
    "undecided-vendor": lambda row: _vendor(row).format("at irregular intervals"),
    "undecided": _undecided,
}
SETTLED_BY = {
    "temporary": "mail that receivers evaluate without an error",
    "undecided-vendor": "your label: do you use this service?",
}
