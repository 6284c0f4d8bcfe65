"""Finds the DMARC policy of a domain in DNS answers. Makes no DNS queries.

The tree walk (RFC 9989 §4.10) looks for the DMARC record at `_dmarc` of the domain, then of the
names above it, with at most eight questions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from analytics.dns.dmarc_record import DmarcRecord, only_record, parse
from analytics.dns.lookup_types import Answers, Outcome
from analytics.dns.spf_mx import is_null_mx, mx_question, only_spf, spf_question

__all__ = ["Found", "Published", "existence", "put_together", "record_question", "targets", "walk"]

MOST_QUESTIONS = 8


class Found(StrEnum):
    """Whether a DMARC record applies to the domain."""

    FOUND = "found"
    NONE = "none"  # there is none, or there are several at one name
    ERROR = "error"  # DNS did not answer
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Published:
    """What DNS publishes about `domain`, asked at `asked_at` (UTC, without a zone).

    `record` is the DMARC record that applies to mail from the domain, `found_at` the name whose
    `_dmarc` has it (the domain itself, its organizational domain or its public suffix), `text` its
    TXT value; `texts` are all TXT values at the domain's own `_dmarc`. `organization` is the
    organizational domain, None if errors cut the walk short. `spf` is the text of the SPF record,
    `mx` are the MX records as "10 mx.example.com", `null_mx` whether the domain accepts no mail.
    `exists` maps names to whether they exist, the domain itself first; None if DNS did not answer.
    `errors` are the questions without an answer.
    """

    domain: str
    asked_at: datetime
    outcome: Found = Found.NOT_ASKED
    record: DmarcRecord | None = None
    found_at: str | None = None
    text: str | None = None
    texts: tuple[str, ...] = ()
    organization: str | None = None
    spf: str | None = None
    mx: tuple[str, ...] = ()
    null_mx: bool | None = None
    exists: Mapping[str, bool | None] = field(default_factory=dict)
    errors: tuple[str, ...] = ()

    @property
    def is_inherited(self) -> bool:
        """Whether the record is at a name above, so that its sp or np applies (§4.10.1)."""
        return self.found_at is not None and self.found_at != self.domain


def record_question(name: str) -> tuple[str, str]:
    return f"_dmarc.{name}", "TXT"


def targets(domain: str) -> list[str]:
    """The domains that a walk asks at, the domain itself first (RFC 9989 §4.10, steps 3 to 7)."""
    labels = domain.split(".")
    # Step 4: of eight labels or more, go on with the last seven.
    above = labels[1:] if len(labels) < MOST_QUESTIONS else labels[1 - MOST_QUESTIONS :]
    return [domain, *(".".join(above[start:]) for start in range(len(above)))]


def walk(domain: str, answers: Answers) -> Iterator[str]:
    """The domains to ask at, until an answer ends the walk.

    Add the answer for each domain to `answers` before taking the next: it decides whether the walk
    goes on.
    """
    for name in targets(domain):
        yield name
        record = _record(name, answers)
        # Steps 2 and 6: a record with psd=y or psd=n ends it.
        if record is not None and record.psd in ("y", "n"):
            return


def put_together(domain: str, asked_at: datetime, answers: Answers) -> Published:
    """What the answers show about a domain."""
    own = answers.get(record_question(domain))
    if own is None:
        return Published(domain, asked_at)
    texts = answers.get(spf_question(domain))
    exchanges = answers.get(mx_question(domain))
    names = [name for name, kind in answers if kind == "A" and name != domain]
    outcome, found_at, organization = _discovered(domain, answers)
    text = None if found_at is None else only_record(answers[record_question(found_at)].data)
    return Published(
        domain,
        asked_at,
        outcome,
        record=None if text is None else parse(text),
        found_at=found_at,
        text=text,
        texts=own.data,
        organization=organization,
        spf=None if texts is None else only_spf(texts.data),
        mx=() if exchanges is None else exchanges.data,
        null_mx=is_null_mx(exchanges),
        exists={name: existence(name, answers) for name in (domain, *sorted(names))},
        errors=tuple(f"{name} {kind}" for (name, kind), a in answers.items() if a.outcome.is_error),
    )


def existence(name: str, answers: Answers) -> bool | None:
    """Whether a name exists, for np; None if DNS did not answer."""
    outcomes = {
        answers[name, kind].outcome for kind in ("A", "TXT", "MX") if (name, kind) in answers
    }
    known = {outcome for outcome in outcomes if not outcome.is_error}
    # RFC 9989 §3.2 and App. A.4: only NXDOMAIN means that it does not exist.
    return known != {Outcome.NXDOMAIN} if known else None


def _record(name: str, answers: Answers) -> DmarcRecord | None:
    answer = answers.get(record_question(name))
    text = only_record(answer.data) if answer is not None else None
    return parse(text) if text is not None else None


def _discovered(domain: str, answers: Answers) -> tuple[Found, str | None, str | None]:
    """(outcome, the name whose record applies, the organizational domain)."""
    asked = list(walk(domain, answers))
    records = {name: record for name in asked if (record := _record(name, answers)) is not None}
    has_error = any(
        (answer := answers.get(record_question(name))) is None or answer.outcome.is_error
        for name in asked
    )
    organization = _organization(domain, records)
    known = None if has_error else organization
    if domain in records:  # RFC 9989 §4.10.1: the Author Domain comes first
        return Found.FOUND, domain, known
    if answers[record_question(domain)].outcome.is_error:
        return Found.ERROR, None, known
    # Then the organizational domain; then the public suffix, where the walk ended at psd=y.
    public = next((name for name, record in records.items() if record.psd == "y"), None)
    found_at = organization if organization in records else public
    if found_at is None:
        return Found.ERROR if has_error else Found.NONE, None, known
    return Found.FOUND, found_at, known


def _organization(domain: str, records: Mapping[str, DmarcRecord]) -> str:
    """RFC 9989 §4.10.2, from the longest name to the shortest."""
    for name, record in records.items():
        if record.psd == "n":
            return name
        if record.psd == "y" and name != domain:
            return _one_label_below(name, domain)
    return min(records, key=lambda name: name.count("."), default=domain)


def _one_label_below(name: str, domain: str) -> str:
    """The name below `name` on the way to `domain`."""
    return ".".join(domain.split(".")[-(name.count(".") + 2) :])
