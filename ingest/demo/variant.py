"""What a demo is made of: an organisation, its mail streams and its receivers."""

from dataclasses import dataclass

from ingest.demo.mailings import STREAMS
from ingest.demo.organisation import DOMAINS, Domain
from ingest.demo.streams import Stream

__all__ = ["DEFAULT", "Variant"]


@dataclass(frozen=True, slots=True)
class Variant:
    """The demo, or a changed one for tests.

    `overrides`: whether receivers give override reasons; `extra`: streams beside the usual ones;
    `swaps`: services that are replaced by another one; `domains` and `streams`: the organisation.
    """

    name: str = "default"
    overrides: bool = True
    extra: tuple[Stream, ...] = ()
    swaps: tuple[tuple[str, str], ...] = ()
    domains: tuple[Domain, ...] = DOMAINS
    streams: tuple[Stream, ...] = STREAMS


DEFAULT = Variant()
