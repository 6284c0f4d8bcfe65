"""Parses, writes and changes DMARC records (RFC 9989 §4.7, §4.8). Makes no DNS queries.

What a receiver ignores is ignored here and listed in `problems`: a value that the tag does not
allow (the default applies), a repeated tag (the first applies: RFC 6376 §3.2 calls the whole list
invalid, RFC 9989 §4.7 discards only the error, so receivers differ), tags that RFC 9989 removed,
and the size limit of an address.

Limits: 50 unregistered tags, 20 problems, 80 characters of a value in a problem.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.sanitize import plain

__all__ = ["DmarcRecord", "change", "is_dmarc", "only_record", "parse"]

MOST_OTHERS = 50
MOST_PROBLEMS = 20
SHOWN = 80

POLICIES = ("none", "quarantine", "reject")
# In the order in which they are written: RFC 7489 requires p second.
TAGS = ("p", "sp", "np", "t", "psd", "adkim", "aspf", "rua", "ruf", "fo")
REMOVED = ("pct", "rf", "ri")  # RFC 9989 App. C
DEFAULTS = {
    "t": "n",
    "psd": "u",
    "adkim": "r",
    "aspf": "r",
    "fo": "0",
    "np": "the value of sp, else of p",
    "sp": "the value of p",
}

# RFC 9989 §4.8: the tag's name in any case, DMARC1 in upper case, and nothing before it.
VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)", re.ASCII)
TAG = re.compile(r"([A-Za-z]+)[ \t]*=[ \t]*([\x20-\x3a\x3c-\x7e]+)", re.ASCII)
FAILURE = re.compile(r"[01ds]([ \t]*:[ \t]*[01ds])*", re.ASCII)
# RFC 3986 §3, without the comma and the exclamation point, which §4.8 wants encoded.
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9%._~:/?#\[\]@$&'()*+=-]+", re.ASCII)
MAILBOX = re.compile(r"mailto:[^@?]+@[^@?]+(\?.*)?", re.ASCII | re.IGNORECASE)
SIZE = re.compile(r"![0-9]+[kmgtKMGT]?$", re.ASCII)


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """A parsed record; None or () is a tag that is absent, or that receivers ignore.

    `p` is None if no receiver applies the record: it has no valid p and no valid address in rua
    (§4.10.1). `rua` and `ruf` are addresses as written, with the size limit that RFC 9989 removed;
    `fo` is text such as "1:d:s". `removed` are pct, rf and ri, `other` are unregistered tags, both
    as (name, value) in the order of the record. `problems` are sentences; comparisons ignore them.
    """

    p: str | None = None
    sp: str | None = None
    np: str | None = None
    t: str | None = None
    psd: str | None = None
    adkim: str | None = None
    aspf: str | None = None
    rua: tuple[str, ...] = ()
    ruf: tuple[str, ...] = ()
    fo: str | None = None
    removed: tuple[tuple[str, str], ...] = ()
    other: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = field(default=(), compare=False)

    @property
    def pct(self) -> int | None:
        """The percentage that receivers on RFC 7489 apply; None if absent or invalid."""
        value = dict(self.removed).get("pct", "")
        is_percentage = value.isascii() and value.isdigit() and len(value) <= 3
        return int(value) if is_percentage and int(value) <= 100 else None

    def text(self) -> str:
        """The value of the TXT record, its tags in the usual order."""
        written = [("v", "DMARC1")]
        for name in TAGS:
            value = getattr(self, name)
            if value:
                written.append((name, value if isinstance(value, str) else ",".join(value)))
        return "; ".join(
            f"{name}={value}" for name, value in (*written, *self.removed, *self.other)
        )


def is_dmarc(text: str) -> bool:
    """Whether a TXT record is a DMARC record of this version, valid or not."""
    # RFC 9989 §4.7: v MUST be first and match precisely, or the entire record MUST be ignored.
    return VERSION.match(text) is not None


def only_record(texts: Iterable[str]) -> str | None:
    """The DMARC record among the TXT records of one name; None if there are none, or several."""
    found = [text for text in texts if is_dmarc(text)]
    # RFC 9989 §4.10, steps 2 and 6: if multiple records are returned, they are all discarded.
    return found[0] if len(found) == 1 else None


def parse(text: str) -> DmarcRecord | None:
    """The record in a TXT value, its strings joined; None if it is not a DMARC record."""
    version = VERSION.match(text)
    if version is None:
        return None
    problems: list[str] = []
    tags = _tags(text[version.end() :], problems)
    removed = tuple((name, tags.pop(name)) for name in [*tags] if name in REMOVED)
    problems += [f"{name}={_shown(value)}: RFC 9989 removed it" for name, value in removed]
    read = {name: READ[name](name, tags.pop(name), problems) for name in TAGS if name in tags}
    others = [*tags.items()]
    if len(others) > MOST_OTHERS:
        problems.append(f"{len(others)} tags are not registered: {MOST_OTHERS} of them are read")
    problems += [f"{_shown(name)} is not a registered tag: it is ignored" for name, _ in others]
    record = DmarcRecord(removed=removed, other=tuple(others[:MOST_OTHERS]), **read)
    return _applied(record, was_read=read, problems=problems)


def _tags(text: str, problems: list[str]) -> dict[str, str]:
    """Each tag's first value, by its name in lower case."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        stripped = part.strip(" \t")
        if not stripped:
            continue
        match = TAG.fullmatch(stripped)
        if match is None:
            # §4.7: syntax errors in the remainder MUST be discarded.
            problems.append(f'"{_shown(stripped)}" is not a tag: it is ignored')
            continue
        name, value = match[1].lower(), match[2]
        # ABNF ignores the case of names, RFC 6376 §3.2 does not: receivers differ.
        if name != match[1] and name in (*TAGS, *REMOVED):
            problems.append(f"write {name} instead of {match[1]}: some receivers ignore it")
        if name == "v" or name in found:
            problems.append(f"{_shown(name)} is repeated: the first value counts, receivers differ")
        else:
            found[name] = value
    return found


def _applied(record: DmarcRecord, was_read: dict[str, Any], problems: list[str]) -> DmarcRecord:
    """§4.10.1: without a valid p, or with an invalid sp or np, a record with rua is p=none."""
    is_wrong = [name for name in ("sp", "np") if name in was_read and was_read[name] is None]
    if record.p is None or is_wrong:
        why = "p is missing" if "p" not in was_read else "p is not a valid policy"
        if record.p is not None:
            why = f"{is_wrong[0]} is not a valid policy"
        if record.rua:
            problems.append(f"{why}: receivers apply p=none")
        else:
            problems.append(f"{why}, and rua has no address: receivers ignore the record")
        p = "none" if record.rua else None
        record = replace(record, p=p, sp=None, np=None)
    if len(problems) > MOST_PROBLEMS:
        more = len(problems) - MOST_PROBLEMS + 1
        problems[MOST_PROBLEMS - 1 :] = [f"and {more} more problems"]
    return replace(record, problems=tuple(problems))


def _one_of(*allowed: str) -> Callable[[str, str, list[str]], str | None]:
    def read(name: str, value: str, problems: list[str]) -> str | None:
        if value.lower() in allowed:  # RFC 5234 §2.3: ABNF strings ignore case
            return value.lower()
        default = DEFAULTS.get(name)
        instead = f"{default} applies" if default else "it is ignored"
        problems.append(f"{name}={_shown(value)} is not one of {', '.join(allowed)}: {instead}")
        return None

    return read


def _failures(name: str, value: str, problems: list[str]) -> str | None:
    """§4.7: one or more of 0, 1, d and s, with colons between them."""
    if FAILURE.fullmatch(value.lower()) is None:
        problems.append(f"{name}={_shown(value)} is not one of 0, 1, d, s, or several with colons")
        return None
    values = (each.strip(" \t") for each in value.lower().split(":"))
    return ":".join(dict.fromkeys(values))


def _addresses(name: str, value: str, problems: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_each_address(name, value, problems)))


def _each_address(name: str, value: str, problems: list[str]) -> Iterator[str]:
    for part in value.split(","):
        address = part.strip(" \t")
        if not _is_uri(SIZE.sub("", address)):
            hint = f", write mailto:{_shown(address)}" if MAILBOX.match(f"mailto:{address}") else ""
            problems.append(f'{name}: "{_shown(address)}" is not an address{hint}')
            continue
        if SIZE.search(address):
            problems.append(f"{name}: RFC 9989 removed the size limit of {_shown(address)}")
        yield address


def _is_uri(text: str) -> bool:
    if URI.fullmatch(text) is None:
        return False
    return not text.lower().startswith("mailto:") or MAILBOX.fullmatch(text) is not None


def _shown(value: str) -> str:
    text = plain(value[: SHOWN + 1])
    return text if len(value) <= SHOWN and len(text) <= 2 * SHOWN else f"{text[:SHOWN]}…"


READ: dict[str, Callable[[str, str, list[str]], Any]] = {
    "p": _one_of(*POLICIES),
    "sp": _one_of(*POLICIES),
    "np": _one_of(*POLICIES),
    "t": _one_of("y", "n"),
    "psd": _one_of("y", "n", "u"),
    "adkim": _one_of("r", "s"),
    "aspf": _one_of("r", "s"),
    "rua": _addresses,
    "ruf": _addresses,
    "fo": _failures,
}


def change(record: DmarcRecord | None, **tags: str | Iterable[str] | None) -> DmarcRecord:
    """The record with these tags set, or removed if None, and all others unchanged.

    Drops what RFC 9989 removed: pct, rf, ri, and size limits of addresses. `record` is None for a
    domain without one; rua and ruf are lists of addresses or the tag's value. Raises ValueError for
    a value that the tag does not allow, TypeError for an unknown tag.
    """
    old = record or DmarcRecord()
    new: dict[str, Any] = {name: _without_size(getattr(old, name)) for name in ("rua", "ruf")}
    for name, value in tags.items():
        if name not in READ:
            raise TypeError(f"{name} is not a tag of a DMARC record")
        new[name] = _checked(name, value)
    changed = replace(old, removed=(), problems=(), **new)
    return replace(changed, p=changed.p or "none")  # RFC 7489 requires p


def _without_size(addresses: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(SIZE.sub("", address) for address in addresses))


def _checked(name: str, value: str | Iterable[str] | None) -> Any:
    if value is None:
        return () if name in ("rua", "ruf") else None
    problems: list[str] = []
    read = READ[name](name, value if isinstance(value, str) else ",".join(value), problems)
    if problems:
        raise ValueError(problems[0])
    return read
