"""Why a source has its class, in one sentence from its evidence; and what would settle it."""

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["reason", "settled_by"]

Row = Mapping[str, Any]


def reason(row: Row) -> str:
    """One sentence on a row of `source_class`."""
    if row["decided_by"] == "label":
        said = f"labelled {row['class']} by its owner on {row['said_at']:%Y-%m-%d}"
        return f"{said}: {row['note']}" if row["note"] else said
    if row["decided_by"] == "approved":
        return f"approved in the settings as {row['match']}; {_counted(row)}"
    return f"{RULES[row['rule']](row)}; {_seen(row)}"


def settled_by(row: Row) -> str | None:
    """What would decide an undecided source; None for any other."""
    if row["class"] != "undecided":
        return None
    return SETTLED_BY.get(row["rule"], "its owner's word: is this yours?")


def _counted(row: Row) -> str:
    return f"{row['aligned']:,} of {_some(row['messages'], 'message')} pass aligned"


def _seen(row: Row) -> str:
    """When and by how many it was seen."""
    parts = [f"seen on {_some(row['days'], 'day')}", f"by {_some(row['reporters'], 'reporter')}"]
    if row["aligned"]:
        return ", ".join(parts)
    if row["rhythm"]:
        parts.insert(0, row["rhythm"])
    elif row["stream_rhythm"]:
        parts.append(f"others of that name {row['stream_rhythm']}")
    return ", ".join(parts)


def _some(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _none_of(row: Row) -> str:
    return f"none of {_some(row['messages'], 'message')} passes aligned"


def _other(row: Row) -> str:
    """Who vouches for it instead of the owner."""
    signed, sent = row["other_dkim"], row["other_spf"]
    if signed and sent and signed != sent:
        return f"signed by {signed}, sent as {sent}"
    return f"signed by {signed}" if signed else f"sent as {sent}"


def _forwarder_keeps(row: Row) -> str:
    by = f"sent on as {row['other_spf']}" if row["other_spf"] else "from a network not in SPF"
    return f"{_counted(row)}, by the kept signature alone, {by}"


def _broken_lately(row: Row) -> str:
    return (
        f"{_counted(row)}; of the last 7 days {row['fresh_fails']:,} of"
        f" {row['fresh_messages']:,} fail, last passing {row['last_aligned']:%Y-%m-%d}"
    )


def _signature_breaks(row: Row) -> str:
    return f"{_none_of(row)}: it signs as the domain, and the signature fails"


def _list(row: Row) -> str:
    if row["called_list"]:
        return f"receivers call {row['called_list']:,} of {row['messages']:,} mailing-list mail"
    if row["rule"] == "list-host":
        return f"{row['source']} hosts mailing lists; {_none_of(row)}"
    return f"the domain's signature is broken and {_other(row)} instead, as lists do"


def _forwarder(row: Row) -> str:
    if row["called_forwarded"] or row["sealed"]:
        called = row["called_forwarded"] + row["sealed"]
        return f"receivers call {called:,} of {row['messages']:,} forwarded"
    if row["rule"] == "forwarder-host":
        return f"{row['source']} forwards mail; {_none_of(row)}"
    if row["rule"] == "forwarder-rewrites":
        return f"the domain's signature is broken on the way and the mail {_other(row)}"
    return f"a few messages a day, {_other(row)}, from that provider's own hosts"


def _unsigned(row: Row) -> str:
    return f"{_none_of(row)}: unsigned and not in SPF, but from one address at a steady pace"


def _stranger(row: Row) -> str:
    return (
        f"{_none_of(row)}: {_other(row)}, a stranger's domain, in bursts"
        f" from {_some(row['stream_networks'], 'network')}"
    )


def _crowd(row: Row) -> str:
    networks = max(row["crowd_networks"], row["throng_networks"])
    parts = [f"{_none_of(row)} and nothing vouches for it"]
    if networks > 1:
        parts.append(f"one of many hosts in {networks:,} unrelated networks")
    if row["strange_name"]:
        parts.append(f"as {row['header_from']}, from where no mail has ever passed")
    return ", ".join(parts)


def _vendor(row: Row) -> str:
    return f"{_none_of(row)}: {_other(row)}, a sender for many customers, {{}}"


def _undecided(row: Row) -> str:
    if row["other_dkim"] or row["other_spf"]:
        return f"{_none_of(row)}: {_other(row)}"
    return f"{_none_of(row)} and nothing vouches for it"


RULES: Mapping[str, Callable[[Row], str]] = {
    "passes": _counted,
    "temporary-own": lambda row: "only temporary errors of receivers, from a known own source",
    "temporary": lambda row: "only temporary errors of receivers",
    "forwarder-keeps-signature": _forwarder_keeps,
    "broken-lately": _broken_lately,
    "broken-alignment": lambda row: (
        f"{_none_of(row)}: it passes as a name below the domain that strict alignment refuses"
    ),
    "broken-signature-vendor": _signature_breaks,
    "broken-signature": _signature_breaks,
    "broken-tenant": lambda row: f"{_none_of(row)}: {_other(row)}, an account of the owner's",
    "broken-known": lambda row: f"{_none_of(row)}, though other hosts of {row['source']} do",
    "broken-vendor": lambda row: _vendor(row).format("steadily"),
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
    "undecided-vendor": lambda row: _vendor(row).format("now and then"),
    "undecided": _undecided,
}
SETTLED_BY = {
    "temporary": "mail that is evaluated without an error",
    "undecided-vendor": "its owner's word: does anybody here use this service?",
}
