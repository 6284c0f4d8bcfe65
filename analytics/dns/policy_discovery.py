"""What DNS publishes about a domain, put together from answers. Asks nothing by itself.

The DMARC record is found by the tree walk (RFC 9989 §4.10): `_dmarc` at the domain, then at the
names above it, eight questions at most.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from analytics.dns import mx, spf
from analytics.dns.dmarc_record import DmarcRecord, only_record, parse
from analytics.dns.lookup_types import Answers, Outcome

__all__ = ["Found", "Published", "existence", "put_together", "record_question", "targets", "walk"]

MOST_QUESTIONS = 8


class Found(StrEnum):
    """Whether a DMARC record applies to the domain."""

    FOUND = "found"
    NONE = "none"  # DNS says that there is none, or several at one name
    ERROR = "error"  # DNS did not tell
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Published:
    """What is published about `domain`, as it was asked at `asked_at` (UTC, without a zone).

    `record` is the DMARC record that applies to mail from the domain, `found_at` the name whose
    `_dmarc` has it (the domain itself, its organizational domain or its public suffix) and
    `text` its TXT value; `texts` are all TXT values at the domain's own `_dmarc`.
    `organization` is the organizational domain, None where the walk was cut short by errors.
    `spf` is the text of the SPF record, `mx` are the MX records as "10 mx.example.com",
    `null_mx` whether the domain takes no mail. `exists` has names, the domain itself first, and
    None where DNS did not tell. `errors` are questions that DNS did not answer.
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
        """Whether the record stands at a name above, so that its sp or np applies (§4.10.1)."""
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
    """The domains to ask at; ends where the answers so far end the walk.

    Look at `answers` for each before taking the next one: an answer decides whether it goes on.
    """
    for name in targets(domain):
        yield name
        record = _record(name, answers)
        # Steps 2 and 6: a record with psd=y or psd=n ends it.
        if record is not None and record.psd in ("y", "n"):
            return


def put_together(domain: str, asked_at: datetime, answers: Answers) -> Published:
    """All that the answers tell of a domain. Questions that were not asked tell nothing."""
    own = answers.get(record_question(domain))
    if own is None:
        return Published(domain, asked_at)
    texts = answers.get(spf.question(domain))
    exchanges = answers.get(mx.question(domain))
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
        spf=None if texts is None else spf.only_spf(texts.data),
        mx=() if exchanges is None else exchanges.data,
        null_mx=mx.is_null(exchanges),
        exists={name: existence(name, answers) for name in (domain, *sorted(names))},
        errors=tuple(f"{name} {kind}" for (name, kind), a in answers.items() if a.outcome.is_error),
    )


def existence(name: str, answers: Answers) -> bool | None:
    """Whether a name exists, for np; None where DNS did not tell."""
    outcomes = {
        answers[name, kind].outcome for kind in ("A", "TXT", "MX") if (name, kind) in answers
    }
    told = {outcome for outcome in outcomes if not outcome.is_error}
    # RFC 9989 §3.2 and App. A.4: NXDOMAIN, and no other response, says that it does not.
    return told != {Outcome.NXDOMAIN} if told else None


def _record(name: str, answers: Answers) -> DmarcRecord | None:
    answer = answers.get(record_question(name))
    text = only_record(answer.data) if answer is not None else None
    return parse(text) if text is not None else None


def _discovered(domain: str, answers: Answers) -> tuple[Found, str | None, str | None]:
    """(outcome, where the record that applies was found, the organizational domain)."""
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
