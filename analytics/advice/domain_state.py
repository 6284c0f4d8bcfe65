"""The measured state of a domain over a window: everything that the advice on it uses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from analytics.dns.history import published_of
from analytics.dns.policy_discovery import Found, Published
from analytics.query.question import Owner, Question
from analytics.query.run import Row, ask_cached
from analytics.query.window import Window
from analytics.reports.verified_filter import verified_where_proven
from analytics.sources.classes import CLASSES, SourceClass
from analytics.sources.classification import by_domain, source_class
from analytics.sources.services import services_by_class
from analytics.sources.summary import domains
from schemas.config.thresholds import Gates

__all__ = ["LEVELS", "DomainState", "Level", "domain_states"]


class Level(StrEnum):
    """What a policy asks receivers to do with mail that fails, the weakest first."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


LEVELS: tuple[str, ...] = tuple(each.value for each in Level)
# The classes of listed services. Spoofing has thousands of sources and is only counted in `mail`.
LISTED = tuple(name for name in CLASSES if name != SourceClass.SPOOF)
FIXED_DAYS = 2  # of passing after it failed, until it counts as fixed


@dataclass(frozen=True, slots=True)
class DomainState:
    """The state of one domain.

    `mail` is its row of `rua domains`, `seen` its row of queries/domain_state.sql, `services` its
    sources grouped by name and class, `breaks` what fails now, `dormant` what failed in the months
    before and has sent nothing since, `below` the names below it with legitimate mail
    (queries/names_below.sql), `dns` what DNS publishes, None if not asked, `left_out` the number of
    unverified reports of the window that do not count.
    """

    domain: str
    window: Window
    mail: Row
    seen: Row
    services: Sequence[Row]
    breaks: Sequence[Row] = ()
    dormant: Sequence[Row] = ()
    below: Sequence[Row] = ()
    owner: Owner = field(default_factory=Owner)
    dns: Published | None = None
    left_out: int = 0

    @property
    def published(self) -> Mapping[str, Any]:
        """The tags as last seen in reports; tags that some reporters omit, from the others."""
        tags = dict(self.mail["published"])
        for tag in ("sp", "np", "pct", "t"):
            tags[tag] = tags[tag] if tags[tag] is not None else self.seen[tag]
        return tags

    @property
    def policy(self) -> str:
        """none, quarantine or reject; RFC 9989 §4.7: no policy is none."""
        p = self.published["p"]
        return p if p in LEVELS else Level.NONE.value

    @property
    def subdomain_policy(self) -> str:
        """RFC 9989 §4.7: an absent sp is p."""
        sp = self.published["sp"]
        return sp if sp in LEVELS else self.policy

    @property
    def missing_policy(self) -> str:
        """The policy for names that do not exist. RFC 9989 §4.7: an absent np is sp."""
        np = self.published["np"]
        return np if np in LEVELS else self.subdomain_policy

    @property
    def is_testing(self) -> bool:
        """RFC 9989 §4.7: t=y asks for one level lower."""
        return bool(self.published["t"] == "y")

    @property
    def is_partial(self) -> bool:
        """pct below 100: receivers on RFC 7489 sample (removed by RFC 9989, App. C)."""
        pct = self.published["pct"]
        return pct is not None and pct < 100

    @property
    def legitimate(self) -> int:
        return int(self.mail["legitimate"])

    @property
    def days_at_policy(self) -> int:
        """Whole days since reports show the present policy."""
        since: date = self.seen["policy_since"]
        last: date = self.seen["last_day"]
        return (last - since).days + 1

    @property
    def days_at_subdomain_policy(self) -> int:
        """The same for the policy of names below the domain."""
        since: date = self.seen["below_since"]
        last: date = self.seen["last_day"]
        return (last - since).days + 1

    @property
    def history_days(self) -> int:
        """Days since the first report, ever."""
        first: date = self.seen["first_day"]
        last: date = self.seen["last_day"]
        return (last - first).days + 1

    @property
    def silent_days(self) -> int:
        """Days without a report up to the end of the window."""
        last: date = self.seen["last_day"]
        return (self.window.last - last).days

    @property
    def looks_parked(self) -> bool:
        """Null MX (RFC 7505), or an SPF record that allows no host (RFC 7208)."""
        if self.dns is None:
            return False
        return bool(self.dns.null_mx) or (self.dns.spf or "").strip().lower() == "v=spf1 -all"

    @property
    def np_is_safe(self) -> bool:
        """Whether DNS was asked, and only spoofing uses names that do not exist."""
        if self.dns is None or not self.dns.exists:
            return False
        missing = {name for name, there in self.dns.exists.items() if there is not True}
        return not any(missing & set(row["header_froms"]) for row in self.services)

    def of_class(self, *classes: str) -> list[Row]:
        """The rows of `services` of these classes, most mail first."""
        found = [row for row in self.services if row["class"] in classes]
        return sorted(found, key=lambda row: (-row["messages"], row["source"]))


def domain_states(q: Question) -> list[DomainState]:
    """The state of each policy domain asked about that has reports; most mail first."""
    counted, left_out = verified_where_proven(q)
    names = None if q.domains is None else list(q.domains)
    published = published_of(q.reader, q.known_at, names)
    return [
        DomainState(
            domain=row["domain"],
            window=q.window,
            mail=row,
            seen=seen,
            **lists,
            owner=q.owners.get(row["domain"], Owner()),
            dns=_asked(published.get(row["domain"])),
            left_out=left_out.get(row["domain"], 0),
        )
        for row, seen, lists in _measured(counted)
    ]


def _measured(q: Question) -> list[tuple[Row, Row, dict[str, list[Row]]]]:
    """For each domain its row of `rua domains`, its row of queries/domain_state.sql, and lists."""
    dormant = _dormant(q)
    floor = {
        "last": q.window.last,
        "days": q.gates.break_window,
        "floor": q.gates.rate_of_source,
        **q.named,
    }
    seen = {row["domain"]: row for row in by_domain(q, "advice/domain_state", q.bounds)}
    breaks = _by_domain(by_domain(q, "advice/breaks", floor))
    below = _by_domain(by_domain(q, "advice/names_below", q.bounds))
    services = _by_domain(services_by_class(q, LISTED))
    passing = _fixed_days(q, dormant) if dormant else {}
    still = {name: _still(rows, services.get(name, []), passing) for name, rows in dormant.items()}
    return [
        (row, seen[name], _listed(name, services, breaks, still, below))
        for row in domains(q, q.owners)
        if (name := row["domain"]) in seen
    ]


def _listed(
    name: str,
    services: Mapping[str, list[Row]],
    breaks: Mapping[str, list[Row]],
    dormant: Mapping[str, list[Row]],
    below: Mapping[str, list[Row]],
) -> dict[str, list[Row]]:
    return {
        "services": services.get(name, []),
        "breaks": breaks.get(name, []),
        "dormant": dormant.get(name, []),
        "below": below.get(name, []),
    }


def _dormant(q: Question) -> dict[str, list[Row]]:
    """What failed in the months before the window: a quarterly sender may not be in it."""
    first = q.window.first
    last = first - timedelta(days=1)
    before = q.over(Window(first - timedelta(days=q.gates.quarter_days), last, last))
    found = services_by_class(before, ("broken", "undecided"))
    return _by_domain([row for row in found if _may_be_ours(row, q.gates)])


def _may_be_ours(row: Row, gates: Gates) -> bool:
    """Whether a source needs an answer. One mailing has no rhythm, so it is undecided; a vendor's
    or a large one may be yours."""
    if row["class"] != SourceClass.UNDECIDED:
        return bool(row["class"] == SourceClass.BROKEN)
    is_vendor = row["rule"] == "undecided-vendor"
    floor = gates.source_messages if is_vendor else gates.mailing_messages
    return bool(row["messages"] >= floor)


def _fixed_days(q: Question, domains: Iterable[str]) -> dict[tuple[str, str], int]:
    """On how many days sources that failed before have passed since, by (domain, source)."""
    since = q.window.first - timedelta(days=q.gates.quarter_days)
    asked = {"since": since, "last": q.window.last, "domains": sorted(domains)}
    rows = ask_cached(q.reader, "advice/fixed", asked, *q.counted, source_class(q))
    return {(row["domain"], row["source"]): row["days"] for row in rows}


def _still(
    dormant: Sequence[Row], services: Sequence[Row], passing: Mapping[tuple[str, str], int]
) -> list[Row]:
    """Sources not seen since, and sources that pass again for less than FIXED_DAYS
    (`passes_again`)."""
    here = {row["source"] for row in services}
    found = []
    for row in dormant:
        is_here = row["source"] in here
        days = passing.get((row["domain"], row["source"]), FIXED_DAYS)
        if not is_here or days < FIXED_DAYS:
            found.append(row | {"passes_again": is_here})
    return found


def _asked(dns: Published | None) -> Published | None:
    """The DNS answers; None if DNS was not asked or did not answer."""
    return dns if dns is not None and dns.outcome in (Found.FOUND, Found.NONE) else None


def _by_domain(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["domain"], []).append(row)
    return found
