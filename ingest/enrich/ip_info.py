"""The network, country and service of an address, offline: parsedmarc's IPinfo Lite and map.

The data is CC BY-SA 4.0: credit IPinfo wherever it is shown. The files are found without
importing parsedmarc, which takes most of a second.
"""

import csv
import importlib.util
import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import maxminddb

from schemas.domain_names import organizational_domain
from schemas.errors import ConfigError

__all__ = ["AddressFacts", "Addresses"]


@dataclass(frozen=True, slots=True)
class AddressFacts:
    """One row of the table `address`; None where the data has nothing."""

    source_ip: str
    version: int
    number: str
    country: str | None
    continent: str | None
    asn: int | None
    as_name: str | None
    as_domain: str | None
    service: str | None
    service_type: str | None


class Addresses:
    """The bundled data, opened at the first look-up."""

    def facts(self, addresses: Iterable[str]) -> Iterator[AddressFacts]:
        """The facts of canonical addresses, in the given order."""
        return (self._facts(address) for address in addresses)

    def owner(self, domain: str) -> tuple[str, str | None, str | None]:
        """(registered domain, service, its type) of a domain, by itself or the one above it."""
        registered = organizational_domain(domain) or domain
        known = self._services.get(domain) or self._services.get(registered, (None, None))
        return registered, *known

    def _facts(self, source_ip: str) -> AddressFacts:
        address = ipaddress.ip_address(source_ip)
        found = self._networks.get(address)
        known: dict[str, Any] = found if isinstance(found, dict) else {}
        as_domain = (known.get("as_domain") or "").lower() or None
        service, service_type = self._services.get(as_domain or "", (None, None))
        return AddressFacts(
            source_ip,
            address.version,
            str(int(address)),
            known.get("country_code"),
            known.get("continent_code"),
            _as_number(known.get("asn")),
            known.get("as_name"),
            as_domain,
            service,
            service_type,
        )

    @cached_property
    def _networks(self) -> maxminddb.Reader:
        return maxminddb.open_database(_resources() / "ipinfo" / "ipinfo_lite.mmdb")

    @cached_property
    def _services(self) -> dict[str, tuple[str | None, str | None]]:
        """{PTR base domain or AS domain: (name, type)}."""
        path = _resources() / "maps" / "base_reverse_dns_map.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            return {row["base_reverse_dns"].lower(): (row["name"], row["type"]) for row in rows}


def _resources() -> Path:
    spec = importlib.util.find_spec("parsedmarc")
    if spec is None or spec.origin is None:
        raise ConfigError("the package parsedmarc is missing", todo="reinstall rua")
    return Path(spec.origin).parent / "resources"


def _as_number(text: str | None) -> int | None:
    digits = (text or "").removeprefix("AS")
    return int(digits) if digits.isdigit() else None
