"""The owner's word on a source, which stands over every rule.

A word names sources of one policy domain by service, address, network or authenticated domain.
It is a label (`rua label`, kept in the store with a note and its date) or an approval (`approved`
of the settings: it is ours or works for us, so it is own where it passes and broken where not).
Of several that match, labels stand before approvals, then the more exact before the wider
(address, network, authenticated domain, service), then the newer.
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
    """All that stands: the store's labels, and the settings' approvals by policy domain.

    Raises ConfigError, which names the key, for an approval that can name nothing.
    """
    said = [
        Override(
            normal_domain(name) or name, match, *_approved(name, match), APPROVED, is_label=False
        )
        for name, matches in approved.items()
        for match in matches
    ]
    said += [
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
    return tuple(said)


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
    """What a match names, and that in its normal form. Raises ConfigError."""
    text = match.strip()
    if not text or len(text) > LONGEST_MATCH or not text.isprintable():
        raise ConfigError(
            "a source is named by a service, an address, a network or a domain",
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
            f"{text[:80]} is no network", todo="write it as 192.0.2.0/24 or 2001:db8::/32"
        ) from None


def add(store: Store, domain: str, match: str, class_: str, note: str | None) -> Row:
    """Put a label into the store, in place of an equal match's earlier one; returns its row.

    Raises ConfigError, and AccessDenied where the store's scope does not allow it.
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
    """Take a label back; returns how many there were. Raises AccessDenied as well."""
    with store.write(about=domain, changes_reports=False) as con:
        con.execute("begin")
        gone = _drop(con, domain, match)
        con.execute("commit")
    return gone


def _drop(con: Connection, domain: str, match: str) -> int:
    """Labels that name the same thing, however it was written."""
    same = [
        row["match"]
        for row in labels(Reader.on(con))
        if row["domain"] == domain and read(row["match"]) == read(match)
    ]
    for each in same:
        con.execute("delete from label where policy_domain = $1 and match = $2", [domain, each])
    return len(same)


def override_rows(q: Question) -> Listed:
    """The relation `word`: the overrides, the one that decides first."""
    ranked = sorted(q.overrides, key=_rank)
    rows = [(place, *_columns(override)) for place, override in enumerate(ranked)]
    return Listed.of("word", OVERRIDE, rows)


EXACTNESS: Mapping[Matching, int] = {"address": 0, "network": 1, "domain": 2, "source": 3}


def _rank(word: Override) -> tuple[bool, int, int, float]:
    """The first of those that match decides."""
    longest = -ipaddress.ip_network(word.value).prefixlen if word.kind == "network" else 0
    newest = -word.made_at.timestamp() if word.made_at else 0.0
    return not word.is_label, EXACTNESS[word.kind], longest, newest


def _columns(word: Override) -> tuple[object, ...]:
    version = first = last = None
    if word.kind == "network":
        network = ipaddress.ip_network(word.value)
        version = network.version
        first, last = str(int(network[0])), str(int(network[-1]))
    return (
        word.policy_domain,
        word.kind,
        word.value,
        version,
        first,
        last,
        word.class_,
        word.is_label,
        word.match,
        word.note,
        word.made_at,
    )
