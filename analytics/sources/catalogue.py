"""The catalogue of known senders: how to recognise each in reports, and how to align it.

`senders.toml` beside this file has one `[[sender]]` for each service.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.domain_names import is_domain, normal_domain
from schemas.errors import ConfigError

__all__ = ["Kind", "Sender", "catalogue", "find", "longest_match", "named_by", "read"]

FILE = "analytics/sources/senders.toml"

Identity = Literal["dkim", "spf", "ptr"]
IDENTITIES: tuple[Identity, ...] = ("dkim", "spf", "ptr")

# TOML gives lists where the model has tuples; their items are checked strictly.
Text = Annotated[str, Field(min_length=1, pattern=r"^\S(.*\S)?$")]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]
Numbers = Annotated[tuple[Annotated[int, Field(gt=0, lt=2**32)], ...], Field(strict=False)]


class Kind(StrEnum):
    """What a sender is for. The first nine send for customers; the others pass mail on."""

    MAILBOX = "mailbox"
    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"
    CRM = "crm"
    HELPDESK = "helpdesk"
    HR = "hr"
    BILLING = "billing"
    SURVEY = "survey"
    HOSTING = "hosting"
    GATEWAY = "gateway"
    FORWARDER = "forwarder"
    LIST = "list"


class Sender(BaseModel):
    """One service: its names, how to recognise it, and the steps that align it.

    `dkim`, `spf` and `ptr` are normalised domains that include all names below them. `shared`: many
    customers send from the same addresses, so a network or a host name alone proves nothing.
    `asns_only`: nothing else sends mail from `asns`, so they identify the service. `basis` names
    the source of the facts, and which of them are not verified.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    name: Text
    aliases: Texts = ()
    kind: Annotated[Kind, Field(strict=False)]
    shared: bool
    forwards: bool = False
    dkim: Texts = ()
    spf: Texts = ()
    ptr: Texts = ()
    asns: Numbers = ()
    asns_only: bool = False
    selectors: Texts = ()
    basis: Text
    doc: Text
    align: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
    spf_alignment: bool
    dkim_alignment: bool

    @property
    def names(self) -> tuple[str, ...]:
        """All names by which `find` finds this sender, case-folded."""
        return tuple(dict.fromkeys(_folded(each) for each in (self.id, self.name, *self.aliases)))

    def steps(self, domain: str) -> tuple[str, ...]:
        """The steps that align this sender with `domain`; ConfigError if that is not a domain."""
        name = normal_domain(domain)
        if name is None or not is_domain(name):
            raise ConfigError(f"{domain!r} is not a domain name")
        return tuple(step.replace("{domain}", name) for step in self.align)

    def domains(self, identity: Identity) -> tuple[str, ...]:
        """Its domains of one identity."""
        return {"dkim": self.dkim, "spf": self.spf, "ptr": self.ptr}[identity]

    @model_validator(mode="after")
    def _recognisable(self) -> Self:
        if not (self.dkim or self.spf or self.ptr or self.asns_only):
            raise ValueError("nothing recognises it: dkim, spf, ptr or asns with asns_only")
        if self.asns_only and not self.asns:
            raise ValueError("asns_only without asns")
        for name in (*self.dkim, *self.spf, *self.ptr):
            if normal_domain(name) != name or not is_domain(name):
                raise ValueError(f"{name!r} is not a normalised domain name")
        return self


@cache
def catalogue() -> tuple[Sender, ...]:
    """Every known sender, by id; ConfigError if the file is broken."""
    return read(files("analytics.sources").joinpath("senders.toml").read_text(encoding="utf-8"))


def find(text: str) -> Sender | None:
    """The sender of that id, name or alias, in any case."""
    return _by_name().get(_folded(text))


def named_by(identity: Identity, domain: str | None) -> Sender | None:
    """The sender that a DKIM, SPF or PTR domain names."""
    return longest_match(_by_domain()[identity], domain)


def longest_match(owners: Mapping[str, Sender], domain: str | None) -> Sender | None:
    """The sender of the domain, or of the nearest name above it that has one."""
    name = normal_domain(domain)
    while name:
        if name in owners:
            return owners[name]
        name = name.partition(".")[2]
    return None


def read(text: str) -> tuple[Sender, ...]:
    """The senders in a catalogue's TOML text, by id; ConfigError names the error in it."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(str(error)) from error
    entries = table.pop("sender", None)
    if table or not isinstance(entries, list):
        raise _broken("only [[sender]] tables are allowed")
    senders = tuple(sorted((_sender(entry) for entry in entries), key=lambda each: each.id))
    _check_claims(senders)
    return senders


def _sender(entry: object) -> Sender:
    try:
        return Sender.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        name = entry.get("id", "?") if isinstance(entry, dict) else "?"
        place = ".".join(str(part) for part in (name, *first["loc"]))
        raise _broken(f"{place}: {first['msg']}") from error


def _check_claims(senders: tuple[Sender, ...]) -> None:
    _once("the id", (each.id for each in senders))
    _once("the name", (name for each in senders for name in each.names))
    for identity in IDENTITIES:
        _once(
            f"the {identity} domain", (name for each in senders for name in each.domains(identity))
        )
    alone = Counter(asn for each in senders if each.asns_only for asn in each.asns)
    taken = Counter(asn for each in senders for asn in each.asns)
    for asn in alone:
        if taken[asn] > 1:
            raise _broken(f"AS{asn} belongs to two senders, but one has asns_only")


def _once(what: str, values: Iterable[str]) -> None:
    for value, count in Counter(values).items():
        if count > 1:
            raise _broken(f"{what} {value!r} occurs {count} times")


@cache
def _by_name() -> dict[str, Sender]:
    return {name: each for each in catalogue() for name in each.names}


@cache
def _by_domain() -> dict[Identity, dict[str, Sender]]:
    return {identity: dict(_claims(identity)) for identity in IDENTITIES}


def _claims(identity: Identity) -> Iterator[tuple[str, Sender]]:
    for each in catalogue():
        for name in each.domains(identity):
            yield name, each


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _broken(what: str) -> ConfigError:
    return ConfigError(what, where=FILE, todo="correct the entry, or reinstall rua")
