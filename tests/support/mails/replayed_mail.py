"""Reports of any shape on one domain, and what follows from them under a policy, in plain Python.

The classes come from labels on the addresses, so that nothing else has to be known. The reading of
a record here is a second one, made from the standard and not from the queries.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from analytics.policy.replay import Tags
from analytics.query.override import Override
from analytics.sources.classes import CLASSES
from tests.support.mails.made_mail import days_back
from tests.support.stores.read_here import read_here

__all__ = ["DOMAIN", "OVERRIDES", "Given", "Reported", "brute_force", "reports", "stored_reports"]

DOMAIN = "example.com"
ADDRESSES = {f"192.0.2.{n}": name for n, name in enumerate(CLASSES, start=1)}
OVERRIDES = tuple(
    Override(DOMAIN, ip, "address", ip, name, is_label=True) for ip, name in ADDRESSES.items()
)
AUTHORS = (DOMAIN, "mail.example.com", "gone.example.com", "a.mail.example.com")
NAMES = (*AUTHORS, "other.example.net", "example.net")
BEST = ("pass", "temperror", "permerror", "fail", "policy", "neutral", "softfail", "none")
Auth = tuple[str | None, str | None]  # (domain, result)


@dataclass(frozen=True)
class Given:
    """One record; None is left out. `spf` is (domain, result, scope)."""

    address: str
    count: int
    author: str | None
    dkim_passes: bool
    spf_passes: bool
    dkim: tuple[Auth, ...] = ()
    spf: tuple[str | None, str | None, str | None] | None = None
    envelope: str | None = None

    def xml(self) -> str:
        signatures = "".join(
            f"<dkim>{_tag('domain', name)}<selector>s</selector>{_tag('result', result)}</dkim>"
            for name, result in self.dkim
        )
        spf = ""
        if self.spf:
            name, result, scope = self.spf
            spf = _tag("domain", name) + _tag("scope", scope) + _tag("result", result)
            spf = f"<spf>{spf}</spf>"
        return f"""<record><row><source_ip>{self.address}</source_ip><count>{self.count}</count>
<policy_evaluated><disposition>none</disposition><dkim>{_word(self.dkim_passes)}</dkim>
<spf>{_word(self.spf_passes)}</spf></policy_evaluated></row>
<identifiers>{_tag("header_from", self.author)}{_tag("envelope_from", self.envelope)}</identifiers>
<auth_results>{signatures}{spf}</auth_results></record>"""


@dataclass(frozen=True)
class Reported:
    """One report; its place among the others makes its day and reporter."""

    adkim: str | None
    aspf: str | None
    records: tuple[Given, ...]
    tags: Mapping[str, str] = field(default_factory=lambda: {"p": "none"})

    def xml(self, number: int) -> str:
        begin = int(datetime.combine(_day(number), time(0), UTC).timestamp())
        modes = _tag("adkim", self.adkim) + _tag("aspf", self.aspf)
        published = "".join(_tag(name, value) for name, value in self.tags.items())
        return f"""<feedback><report_metadata><org_name>{_reporter(number)}</org_name>
<email>d@{_reporter(number)}</email><report_id>{number}</report_id>
<date_range><begin>{begin}</begin><end>{begin + 86399}</end></date_range></report_metadata>
<policy_published><domain>{DOMAIN}</domain>{modes}{published}</policy_published>
{"".join(record.xml() for record in self.records)}</feedback>"""


def _tag(name: str, value: str | None) -> str:
    return "" if value is None else f"<{name}>{value}</{name}>"


def _word(passes: bool) -> str:
    return "pass" if passes else "fail"


def _day(number: int) -> Any:
    return days_back(number // 2)[0]


def _reporter(number: int) -> str:
    return ("google.com", "yahoo.example")[number % 2]


def stored_reports(reports: Sequence[Reported], folder: Path) -> Path:
    documents, store = folder / "documents", folder / "rua.duckdb"
    documents.mkdir(parents=True)
    for number, report in enumerate(reports):
        (documents / f"{number:03d}.xml").write_text(report.xml(number), encoding="utf-8")
    assert read_here(store, documents).refused == 0
    return store


names = st.sampled_from([*NAMES, *AUTHORS, None])
results = st.sampled_from(["pass"] * 5 + ["fail", "temperror", "neutral", "odd", None])
records = st.builds(
    Given,
    address=st.sampled_from(list(ADDRESSES)),
    count=st.integers(1, 9),
    author=st.sampled_from([*AUTHORS, *AUTHORS, None]),
    dkim_passes=st.booleans(),
    spf_passes=st.booleans(),
    dkim=st.lists(st.tuples(names, results), max_size=3).map(tuple),
    spf=st.none()
    | st.tuples(names, results, st.sampled_from(["mfrom", "mfrom", "helo", "odd", None])),
    envelope=st.sampled_from([None, *NAMES]),
)
modes = st.sampled_from(["r", "s", None])
reports = st.lists(
    st.builds(Reported, modes, modes, st.lists(records, min_size=5, max_size=25).map(tuple)),
    min_size=2,
    max_size=6,
)


def _organization(name: str | None) -> str | None:
    return ".".join(name.split(".")[-2:]) if name else None


def _aligned(name: str | None, author: str, mode: str) -> bool:
    if mode == "s":
        return name == author
    return _organization(name) == _organization(author)


def _found(auths: Sequence[Auth], author: str, mode: str) -> tuple[bool, bool, str | None]:
    """(passes, a temporary error may hide a pass, why that cannot be told)."""
    mine = [result for name, result in auths if name and _aligned(name, author, mode)]
    why = None
    if any(not name and result in ("pass", "odd", None) for name, result in auths):
        why = "no-domain"
    elif any(result in ("odd", None, "pass?") for result in mine):
        why = "unclear-result"
    return "pass" in mine, "temperror" in mine, why


def _judged(
    reported: bool, seen: str | None, mode: str, record: Given, auths: Sequence[Auth] | None
) -> tuple[bool, bool, str | None]:
    """The same of one mechanism under `mode`; `auths` is None where none is reported."""
    author = record.author or DOMAIN
    if (seen or "r") == mode:
        own = [r for name, r in auths or () if name and _organization(name) == DOMAIN and r]
        ranked = sorted(own, key=lambda r: BEST.index(r) if r in BEST else len(BEST))
        return reported, ranked[:1] == ["temperror"], None
    passes, is_temporary, why = _found(auths or (), author, mode)
    if reported != (mode == "s"):  # what fails relaxed fails strict, and the other way round
        return reported, is_temporary, None
    if mode == "s" and not record.author:
        return reported, is_temporary, "no-author"
    if auths is None:
        return reported, False, "no-result"
    if passes or why is None:
        return passes, is_temporary, None
    return reported, is_temporary, why


def _state(report: Reported, record: Given, tags: Tags) -> tuple[str, str | None]:
    """(pass, fail or indeterminate; why it is as reported)."""
    signatures = record.dkim or (() if not record.dkim_passes else None)
    dkim = _judged(record.dkim_passes, report.adkim, tags.adkim, record, signatures)
    spf = _judged(
        record.spf_passes, report.aspf, tags.aspf, record, _envelopes(report, record, tags)
    )
    why = None if any(one[0] and not one[2] for one in (dkim, spf)) else dkim[2] or spf[2]
    if dkim[0] or spf[0]:
        return "pass", why
    return ("indeterminate" if dkim[1] or spf[1] else "fail"), why


def _envelopes(report: Reported, record: Given, tags: Tags) -> Sequence[Auth] | None:
    """SPF as (domain, result) of MAIL FROM; of HELO nothing. None where there is no result."""
    if record.spf is None or record.spf == (None, None, None):
        return None
    name, result, scope = record.spf
    differs = (report.aspf or "r") != tags.aspf
    if scope == "helo":
        return ()
    if not differs:  # the reading for classes: no other name stands in for a missing one
        return [(name, result)] if scope != "odd" else ()
    if scope == "odd":  # a pass of it may be one of HELO, and an error says nothing
        result = {"pass": "pass?", "temperror": "fail"}.get(result or "", result)
        if not (name or record.envelope) and result == "pass?":
            result = "pass"  # without a name that is told first
    return [(name or record.envelope, result)]


def _places(reports: Sequence[Reported]) -> Iterator[tuple[int, Reported, Given]]:
    for number, report in enumerate(reports):
        for record in report.records:
            yield number, report, record


def brute_force(
    reports: Sequence[Reported], tags: Tags, existing: Mapping[str, bool]
) -> dict[str, Any]:
    """The counts of `whatif.whatif`, and `clusters` {reporter-day: (lost, exposed)}."""
    seen = [(record.author or DOMAIN, ADDRESSES[record.address]) for *_, record in _places(reports)]
    wanted = {author for author, name in seen if name not in ("spoof", "undecided")}
    passing = {r.author or DOMAIN for *_, r in _places(reports) if r.dkim_passes or r.spf_passes}
    force = tags.in_force()
    rank = ("none", "quarantine", "reject").index
    hard = max((force["sp"], force["np"]), key=rank)
    soft = min((force["sp"], force["np"]), key=rank)
    count: Counter[str] = Counter()
    classes = {name: Counter(messages=0, rejected=0, quarantined=0) for name in CLASSES}
    why_not: Counter[str] = Counter()
    clusters: dict[int, list[int]] = {}
    for number, report, record in _places(reports):
        name, n = ADDRESSES[record.address], record.count
        author = record.author or DOMAIN
        does_exist = existing.get(author, author in passing or None)
        tag = "p" if author == DOMAIN else "sp"
        if tag == "sp" and does_exist is not True and (does_exist is False or author not in wanted):
            tag = "np"
        is_sure = tag == "p" or does_exist is not None
        state, why = _state(report, record, tags)
        legitimate, maybe = name in ("own", "broken"), name in ("own", "broken", "undecided")
        policy = force[tag]
        count["messages"] += n
        classes[name]["messages"] += n
        if why:
            why_not[why] += n
        if state == "indeterminate":
            count["indeterminate"] += n
            continue
        count["legitimate"] += n * legitimate
        count["worst"] += n * maybe
        if legitimate and policy != "none":
            cluster = clusters.setdefault(number, [0, 0])
            cluster[0] += n * (state == "fail")
            cluster[1] += n
        if state == "pass":
            continue
        count["unknown_names"] += n * (not is_sure and force["sp"] != force["np"])
        count["worst_lost"] += n * (maybe and (policy if is_sure else hard) != "none")
        count["best_lost"] += n * (legitimate and (policy if is_sure else soft) != "none")
        if policy == "none":
            continue
        done = {"reject": "rejected", "quarantine": "quarantined"}[policy]
        count[done] += n
        classes[name][done] += n
        count[f"lost {name}"] += n
    return {
        "count": count,
        "by_class": {name: dict(each) for name, each in classes.items()},
        "not_replayed": dict(why_not),
        "clusters": [tuple(each) for each in clusters.values()],
    }
