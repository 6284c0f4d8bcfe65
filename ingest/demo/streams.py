"""A stream of mail: how it is authenticated, when it is sent, and its faults."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

__all__ = [
    "DAILY",
    "MANNERS",
    "OFFICE",
    "Calendar",
    "Fault",
    "Manner",
    "Stream",
    "bursts",
    "days_back",
    "monthly",
    "quarterly",
    "weekly",
]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a stream's mail is authenticated, and the class that follows from how it was made.

    `own` is the result of the signature with d=`signer` ("" when there is none); `vendor` whether
    the service also signs for itself; `envelope` is the kind of MAIL FROM: "own", "bounce" (a
    subdomain of ours at the service), "vendor", "null" or "foreign"; `spf` its result, "all" for
    what the record says of hosts it does not name.
    """

    label: str
    own: str
    vendor: bool
    envelope: str
    spf: str
    signer: str = "{domain}"
    is_list: bool = False
    seals: bool = False  # adds an ARC seal (RFC 8617) that some receivers believe


MANNERS: Mapping[str, Manner] = {
    "aligned": Manner("own", "pass", False, "own", "pass"),
    "aligned-bounce": Manner("own", "pass", True, "bounce", "pass"),
    "dkim-only": Manner("own", "pass", True, "vendor", "pass"),
    "spf-only": Manner("own", "", False, "own", "pass"),
    "vendor-only": Manner("broken", "", True, "vendor", "pass"),
    "unsigned": Manner("broken", "", False, "own", "all"),
    "broken-signature": Manner("broken", "fail", False, "own", "all"),
    # d= and MAIL FROM below the From domain: aligned when relaxed, not when strict.
    "below": Manner("broken", "pass", False, "below", "pass", signer="mail.{domain}"),
    "forward": Manner("forwarder", "pass", False, "own", "all"),
    "forward-srs": Manner("forwarder", "pass", False, "vendor", "pass"),
    "forward-breaks": Manner("forwarder", "fail", False, "vendor", "pass", seals=True),
    "forward-unsigned": Manner("forwarder", "", False, "vendor", "pass", seals=True),
    "list": Manner("list", "fail", True, "vendor", "pass", is_list=True),
    "spoof-plain": Manner("spoof", "", False, "own", "all"),
    "spoof-null": Manner("spoof", "", False, "null", "none"),
    "spoof-foreign": Manner("spoof", "", False, "foreign", "none"),
    "spoof-signed": Manner("spoof", "", True, "vendor", "pass"),
    # A few messages now and then from a shared platform: no report shows who sends them.
    "now-and-then": Manner("undecided", "", True, "vendor", "pass"),
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """On which days a stream sends: weights by weekday, a day of the month, days counted back from
    the end, or by chance."""

    weights: tuple[float, ...] = (1.0,) * 7
    month_day: int = 0
    months: tuple[int, ...] = tuple(range(1, 13))
    chance: float = 1.0
    backs: tuple[int, ...] = ()

    @property
    def is_run(self) -> bool:
        """Whether it is a run of bills or the like, which has as many messages every time."""
        return bool(self.month_day or self.backs)

    def weight(self, day: date, until: date) -> float:
        """The share of the stream's usual volume that is due that day, chance apart."""
        if self.backs and (until - day).days not in self.backs:
            return 0.0
        if self.month_day and (day.day != self.month_day or day.month not in self.months):
            return 0.0
        return self.weights[day.weekday()]


DAILY = Calendar((1.0, 1.0, 1.0, 1.0, 1.0, 0.8, 0.7))
OFFICE = Calendar((1.0, 1.1, 1.1, 1.0, 0.8, 0.12, 0.1))


def weekly(weekday: int) -> Calendar:
    """Once a week; Monday is 0."""
    return Calendar(tuple(1.0 if each == weekday else 0.0 for each in range(7)))


def monthly(month_day: int) -> Calendar:
    """Once a month."""
    return Calendar(month_day=month_day)


def quarterly(month_day: int) -> Calendar:
    """Once a quarter."""
    return Calendar(month_day=month_day, months=(1, 4, 7, 10))


def days_back(*backs: int) -> Calendar:
    """On these days before the end, so that a story does not depend on the date."""
    return Calendar(backs=backs)


def bursts(chance: float) -> Calendar:
    """On a random share of days."""
    return Calendar(chance=chance)


@dataclass(frozen=True, slots=True)
class Fault:
    """From `first` to `last` days back the own signature and SPF give these results instead."""

    first: int
    last: int
    own: str
    spf: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of mail: `volume` messages a sending day that reach reporting receivers.

    `addresses` is the pool of hosts, of which about `active` send on one day; 0 means new hosts in
    every burst. `below` is put before the domain in From; `domain` is set from the table's key. It
    sends from `first` days back on; from `rotated` days back on its own key has another selector.
    """

    service: str
    manner: str
    volume: float
    calendar: Calendar
    story: str
    audience: str = "consumer"
    addresses: int = 6
    active: int = 4
    below: str = ""
    faults: tuple[Fault, ...] = ()
    domain: str = ""
    first: int = 100_000
    rotated: int = 0

    @property
    def key(self) -> str:
        """The key that identifies this stream; it seeds the random numbers."""
        return f"{self.domain}|{self.service}|{self.manner}|{self.below}"
