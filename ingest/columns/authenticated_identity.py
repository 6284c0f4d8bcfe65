"""Which identities a record authenticates: the policy domain's own, or others.

These are derived columns of the table `dmarc_record`, computed from the record alone. A name is own
if its organizational domain is that of the policy domain. Whether it aligned is not computed here:
the receiver says so (`dkim`, `spf`), and strict alignment refuses own names, too.
"""

from collections.abc import Iterable
from typing import NamedTuple

from schemas.domain_names import organizational_domain
from schemas.reports.aggregate import Record

__all__ = ["Authenticated", "authenticated"]

# Of several signatures the best result counts. A temporary error may hide a pass, so it comes
# before the failures (RFC 9989 §5.3.6).
BEST_FIRST = ("pass", "temperror", "permerror", "fail", "policy", "neutral", "softfail", "none")
RANK = {result: rank for rank, result in enumerate(BEST_FIRST)}
ARC = "arc=pass"  # as receivers write it in the comment of local_policy


class Authenticated(NamedTuple):
    """The columns, in their order; None if the record has no such result.

    `own_dkim` and `own_spf` are the best results of own identities, `other_dkim` the first other
    domain with a signature that passes, `other_spf` the other MAIL FROM domain that passes,
    `override` how the mail travelled, by its override reason: mailing_list, forwarded or arc.
    """

    own_dkim: str | None
    own_spf: str | None
    other_dkim: str | None
    other_spf: str | None
    override: str | None


def authenticated(record: Record, policy_domain: str) -> Authenticated:
    """What the record authenticates, as seen from the policy domain (a normalised name)."""
    own = organizational_domain(policy_domain) or policy_domain
    own_dkim, other_dkim = _split(((s.domain, s.result) for s in record.dkim_results), own)
    # RFC 9989 §4.4.2: only MAIL FROM counts, never HELO; no scope is MAIL FROM (RFC 9990).
    envelopes = (
        (spf.domain, spf.result) for spf in record.spf_results if spf.scope in (None, "mfrom")
    )
    own_spf, other_spf = _split(envelopes, own)
    return Authenticated(own_dkim, own_spf, other_dkim, other_spf, _override(record))


def _split(
    results: Iterable[tuple[str | None, str | None]], own: str
) -> tuple[str | None, str | None]:
    """(the best result of own names, the first other name that passes)."""
    best: str | None = None
    other: str | None = None
    for name, result in results:
        if not name or result is None:
            continue
        if name == own or organizational_domain(name) == own:
            if best is None or RANK.get(result, len(RANK)) < RANK.get(best, len(RANK)):
                best = str(result)
        elif result == "pass" and other is None:
            other = name
    return best, other


def _override(record: Record) -> str | None:
    kinds = {reason.type for reason in record.reasons}
    if "mailing_list" in kinds:
        return "mailing_list"
    if kinds & {"forwarded", "trusted_forwarder"}:
        return "forwarded"
    if any(ARC in (reason.comment or "").lower() for reason in record.reasons):
        return "arc"
    return None
