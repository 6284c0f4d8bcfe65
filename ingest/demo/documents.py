"""Aggregate reports as XML, each in its reporter's dialect (RFC 7489 App. C, RFC 9990 App. A)."""

import random
import string
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TypeAlias
from xml.sax.saxutils import escape

from ingest.demo.habits import Dialect, Reporter
from ingest.demo.organisation import Policy
from ingest.demo.receivers import Row
from ingest.demo.traffic import Signature

__all__ = ["Report", "make_report_id", "merged", "write_aggregate"]

KIND = attrgetter(*(each.name for each in fields(Row) if each.name != "count"))

Element: TypeAlias = tuple[str, "str | list[Element]"]

EXPLAINED = {
    "pass": "",
    "fail": "body hash did not verify",
    "temperror": "key not available",
    "permerror": "no key for signature",
}


@dataclass(frozen=True, slots=True)
class Report:
    """One aggregate report; begin and end in epoch seconds, as written."""

    reporter: Reporter
    domain: str
    report_id: str
    begin: int
    end: int
    policy: Policy
    rows: tuple[Row, ...]

    @property
    def file_name(self) -> str:
        """RFC 7489 §7.2.1.1: receiver!policy-domain!begin!end, without what is put after it."""
        return f"{self.reporter.submitter.lower()}!{self.domain}!{self.begin}!{self.end}"


def merged(rows: Iterable[Row], dialect: Dialect) -> tuple[Row, ...]:
    """Rows alike in all but their count become one (RFC 9990 §3.1.1.7), largest first; or one row a
    message, from software that never added up (D38)."""
    counts: dict[tuple[object, ...], int] = {}
    kinds: dict[tuple[object, ...], Row] = {}
    for row in rows:
        key = KIND(row)
        counts[key] = counts.get(key, 0) + row.count
        kinds.setdefault(key, row)
    found = ((count, kinds[key]) for key, count in counts.items())
    ordered = sorted(found, key=lambda item: (-item[0], _order(item[1])))
    if dialect.each_message:
        return tuple(row.counting(1) for count, row in ordered for _ in range(count))
    return tuple(row if row.count == count else row.counting(count) for count, row in ordered)


def _order(row: Row) -> tuple[str, ...]:
    results = (row.disposition, row.dkim, row.spf, row.spf_result)
    signed = tuple(f"{each.domain} {each.selector} {each.result}" for each in row.signatures)
    names = (row.source_ip, row.header_from, row.envelope_from, row.envelope_to, row.spf_domain)
    return names + results + signed + tuple(f"{kind} {note}" for kind, note in row.reasons)


def make_report_id(reporter: Reporter, domain: str, begin: int, rng: random.Random) -> str:
    """A report ID in the reporter's own scheme."""
    match reporter.ids:
        case "digits":
            return str(rng.randrange(10**18, 10**19))
        case "digits29":
            return str(rng.randrange(10**18, 10**19)) + str(begin)
        case "hex32":
            return f"{rng.getrandbits(128):032x}"
        case "hex64":
            return f"{rng.getrandbits(256):064x}"
        case "guid":
            return str(uuid.UUID(int=rng.getrandbits(128), version=4))
        case "epoch":
            return f"{begin + 86_400 + rng.randrange(40_000)}.{rng.randrange(10**6):06d}"
        case "domain-digits":
            return f"{rng.randrange(10**9)}.{domain}"
        case _:
            tail = "".join(rng.choices(string.ascii_lowercase + string.digits, k=8))
            return f"{begin}.{tail}@{reporter.submitter}"


def write_aggregate(report: Report) -> bytes:
    """The document's bytes."""
    dialect = report.reporter.dialect
    children: list[Element] = [("version", dialect.version)] if dialect.version else []
    children += [("report_metadata", _metadata(report)), ("policy_published", _published(report))]
    children += [("record", _record(row, dialect)) for row in report.rows]
    lines = [dialect.declaration, *_lines(("feedback", children), dialect.indent, 0, dialect.root)]
    # Mail.ru writes all on one line.
    return (("\n" if dialect.indent else "").join(lines) + "\n").encode()


def _lines(element: Element, indent: str, depth: int, attributes: str = "") -> list[str]:
    name, content = element
    margin = indent * depth
    if isinstance(content, str):
        return [f"{margin}<{name}>{escape(content)}</{name}>"]
    inner = [line for child in content for line in _lines(child, indent, depth + 1)]
    return [f"{margin}<{name}{attributes}>", *inner, f"{margin}</{name}>"]


def _metadata(report: Report) -> list[Element]:
    reporter = report.reporter
    found: list[Element] = [("org_name", reporter.org_name), ("email", reporter.email)]
    if reporter.contact:
        found.append(("extra_contact_info", reporter.contact))
    found.append(("report_id", report.report_id))
    found.append(("date_range", [("begin", str(report.begin)), ("end", str(report.end))]))
    if reporter.dialect.generator:
        found.append(("generator", reporter.dialect.generator))
    return found


def _published(report: Report) -> list[Element]:
    policy, dialect = report.policy, report.reporter.dialect
    if dialect.newer:
        # RFC 9990 §3.1.1.5: tags the record leaves out stay out, and pct is gone.
        tags = [
            ("discovery_method", "treewalk"),
            ("adkim", policy.adkim),
            ("aspf", policy.aspf),
            ("p", policy.p),
            ("sp", policy.sp),
            ("np", policy.np),
            ("testing", policy.t or "n"),
        ]
    else:
        tags = [
            ("adkim", policy.adkim),
            ("aspf", policy.aspf),
            ("p", policy.p),
            ("sp", policy.sp or policy.p),
            ("pct", str(100 if policy.pct is None else policy.pct)),
            ("np", (policy.np or policy.sp or policy.p) if dialect.np else None),
            ("fo", "0"),
        ]
    written: list[Element] = [("domain", report.domain)]
    written += [
        (tag, value) for tag, value in tags if value is not None and tag not in dialect.omits
    ]
    return written


def _record(row: Row, dialect: Dialect) -> list[Element]:
    evaluated: list[Element] = [
        ("disposition", _keyword(row.disposition, dialect)),
        ("dkim", _keyword(row.dkim, dialect)),
        ("spf", _keyword(row.spf, dialect)),
        *_reasons(row.reasons, dialect),
    ]
    return [
        (
            "row",
            [
                ("source_ip", row.source_ip),
                ("count", str(row.count)),
                ("policy_evaluated", evaluated),
            ],
        ),
        ("identifiers", _identifiers(row, dialect)),
        ("auth_results", _auth_results(row, dialect)),
    ]


def _keyword(keyword: str, dialect: Dialect) -> str:
    return keyword.upper() if dialect.upper else keyword


def _reasons(reasons: Sequence[tuple[str, str]], dialect: Dialect) -> list[Element]:
    found: list[Element] = []
    for kind, comment in reasons:
        note: list[Element] = [("comment", comment)] if comment else []
        found.append(("reason", [("type", kind), *note]))
    if dialect.empty_reason and not found:
        found.append(("reason", [("type", ""), ("comment", "")]))
    return found


def _identifiers(row: Row, dialect: Dialect) -> list[Element]:
    found: list[Element] = []
    if "to" in dialect.envelope:
        found.append(("envelope_to", row.envelope_to))
    if "from" in dialect.envelope:
        found.append(("envelope_from", row.envelope_from))
    return [*found, ("header_from", row.header_from)]


def _auth_results(row: Row, dialect: Dialect) -> list[Element]:
    found: list[Element] = [("dkim", _dkim(each, dialect)) for each in row.signatures]
    if dialect.newer and row.spf_scope == "helo":
        return found  # RFC 9990 App. A: scope is mfrom only, and the whole element is optional
    spf: list[Element] = []
    if row.spf_scope == "mfrom" or dialect.helo_domain:
        spf.append(("domain", row.spf_domain))
    if dialect.scope:
        spf.append(("scope", row.spf_scope))
    spf.append(("result", _keyword(row.spf_result, dialect)))
    return [*found, ("spf", spf)]


def _dkim(signature: Signature, dialect: Dialect) -> list[Element]:
    found: list[Element] = [("domain", signature.domain)]
    if dialect.selector:
        found.append(("selector", signature.selector))
    found.append(("result", _keyword(signature.result, dialect)))
    if dialect.human_result:
        found.append(("human_result", EXPLAINED[signature.result]))
    return found
