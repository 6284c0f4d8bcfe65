"""Reads and stores overrides of a source's class: labels and approvals.

An override names sources of one policy domain by service, address, network or authenticated domain,
and takes precedence over every rule. It is a label (`rua label`, stored with a note and its date)
or an approval (`approved` in the settings: own if the source passes, broken if it fails). If
several match, labels come before approvals, then the more specific (address, network,
authenticated domain, service), then the newer.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from analytics.query.override import APPROVED, Matching, Override
from analytics.query.question import Question
from analytics.query.relation import Listed
from analytics.query.run import Row, ask
from analytics.sources.catalogue import find
from schemas.domain_names import canonical_ip, is_domain, normal_domain
from schemas.errors import ConfigError
from schemas.store.reader import Reader
from schemas.store.store import Connection, Store

__all__ = ["add", "labels", "override_rows", "overrides", "read", "remove"]

LONGEST_MATCH = 253
LONGEST_NOTE = 500
OVERRIDE = (
    "place integer, policy_domain text, kind text, value text, version integer,"
    " first_number uhugeint, last_number uhugeint, class text, is_label boolean, match text,"
    " note text, made_at timestamp"
)


def overrides(reader: Reader, approved: Mapping[str, Sequence[str]]) -> tuple[Override, ...]:
    """All overrides: the labels of the store and the approvals of the settings, by policy domain.

    Raises ConfigError, with the key, for an approval that is not a valid match.
    """
    found = [
        Override(
            normal_domain(name) or name, match, *_approved(name, match), APPROVED, is_label=False
        )
        for name, matches in approved.items()
        for match in matches
    ]
    found += [
        Override(
            row["domain"],
            row["match"],
            *read(row["match"]),
            row["class"],
            is_label=True,
            note=row["note"],
            made_at=row["made_at"],
        )
        for row in labels(reader)
    ]
    return tuple(found)


def _approved(name: str, match: str) -> tuple[Matching, str]:
    try:
        return read(match)
    except ConfigError as error:
        key = f'key domains."{name}".approved'
        raise ConfigError(f"{error.what}: {match[:80]!r}", where=key, todo=error.todo) from None


def labels(reader: Reader) -> list[Row]:
    """One row per label: domain, match, class, note, made_at; by domain, the newest first."""
    return ask(reader, "sources/labels", {})


def read(match: str) -> tuple[Matching, str]:
    """What a match names, and its normal form. Raises ConfigError."""
    text = match.strip()
    if not text or len(text) > LONGEST_MATCH or not text.isprintable():
        raise ConfigError(
            "a match is a service, an address, a network or a domain",
            where=repr(match[:80]),
            todo='write "sendgrid", "192.0.2.1", "192.0.2.0/24" or "mail.example.net"',
        )
    address = canonical_ip(text)
    if address is not None:
        return "address", address
    if canonical_ip(text.partition("/")[0]) is not None:  # there are services named Some A/S
        return "network", _network(text)
    sender = find(text)
    if sender is not None:
        return "source", sender.id
    name = normal_domain(text)
    if name is not None and is_domain(name):
        return "domain", name
    return "source", text.lower()  # as SQL does


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise ConfigError(
            f"{text[:80]} is not a network", todo="write it as 192.0.2.0/24 or 2001:db8::/32"
        ) from None


def add(store: Store, domain: str, match: str, class_: str, note: str | None) -> Row:
    """Store a label, replacing one with the same match; returns its row.

    Raises ConfigError, and AccessDenied if the store's scope does not allow it.
    """
    read(match)
    if note is not None and (len(note) > LONGEST_NOTE or not note.isprintable()):
        raise ConfigError(f"a note has at most {LONGEST_NOTE} printable characters")
    made_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    row = {"domain": domain, "match": match.strip(), "class": class_, "note": note}
    with store.write(about=domain, changes_reports=False) as con:
        con.execute("begin")
        _drop(con, domain, match)
        con.execute("insert into label values ($1, $2, $3, $4, $5)", [*row.values(), made_at])
        con.execute("commit")
    return {**row, "made_at": made_at}


def remove(store: Store, domain: str, match: str) -> int:
    """Remove a label; returns how many were removed. Raises AccessDenied as well."""
    with store.write(about=domain, changes_reports=False) as con:
        con.execute("begin")
        gone = _drop(con, domain, match)
        con.execute("commit")
    return gone


def _drop(con: Connection, domain: str, match: str) -> int:
    """Delete labels with the same match, however it was written."""
    same = [
        row["match"]
        for row in labels(Reader.on(con))
        if row["domain"] == domain and read(row["match"]) == read(match)
    ]
    for each in same:
        con.execute("delete from label where policy_domain = $1 and match = $2", [domain, each])
    return len(same)


def override_rows(q: Question) -> Listed:
    """The relation `override`: the overrides, the one that decides first."""
    ranked = sorted(q.overrides, key=_rank)
    rows = [(place, *_columns(override)) for place, override in enumerate(ranked)]
    return Listed.of("override", OVERRIDE, rows)


EXACTNESS: Mapping[Matching, int] = {"address": 0, "network": 1, "domain": 2, "source": 3}


def _rank(override: Override) -> tuple[bool, int, int, float]:
    """The sort key: the first override that matches decides."""
    longest = -ipaddress.ip_network(override.value).prefixlen if override.kind == "network" else 0
    newest = -override.made_at.timestamp() if override.made_at else 0.0
    return not override.is_label, EXACTNESS[override.kind], longest, newest


def _columns(override: Override) -> tuple[object, ...]:
    version = first = last = None
    if override.kind == "network":
        network = ipaddress.ip_network(override.value)
        version = network.version
        first, last = str(int(network[0])), str(int(network[-1]))
    return (
        override.policy_domain,
        override.kind,
        override.value,
        version,
        first,
        last,
        override.class_,
        override.is_label,
        override.match,
        override.note,
        override.made_at,
    )
