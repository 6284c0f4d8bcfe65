"""Recomputes DMARC alignment from the identifiers that a report gives (D42).

Reporters make mistakes in policy_evaluated. Rates use the results as sent; the alignment that
follows from the authentication results is stored beside them, so that a difference is seen.
"""

from collections.abc import Iterable
from functools import lru_cache

from schemas.domain_names import organizational_domain
from schemas.reports.aggregate import DkimResult, PublishedPolicy, Record, SpfResult
from schemas.reports.vocabulary import Alignment, DkimVerdict, SpfScope, SpfVerdict

__all__ = ["recomputed"]


def recomputed(record: Record, policy: PublishedPolicy) -> tuple[bool | None, bool | None]:
    """(by DKIM, by SPF): whether a result of that kind passes and its domain is aligned.

    None if that cannot be decided: the record has no such result, or one that may pass and names
    no domain; or the author domain is missing (the policy domain in its place does not show
    whether strict mode holds).
    """
    author = record.header_from if record.header_from_raw else None
    if not author:
        return None, None
    dkim = [_by_dkim(each, author, policy.adkim) for each in record.dkim_results]
    envelope = record.envelope_from or None
    spf = [_by_spf(each, author, envelope, policy.aspf) for each in record.spf_results]
    return _any(dkim), _any(spf)


def _any(found: list[bool | None]) -> bool | None:
    if True in found:
        return True
    return None if None in found or not found else False


def _by_dkim(result: DkimResult, author: str, mode: Alignment | None) -> bool | None:
    # RFC 9989 §4.4.1: a signature that passes, and its d= domain.
    passes = _passes(result.result, DkimVerdict.PASS, (None, DkimVerdict.UNKNOWN))
    return _both(passes, result.domain or None, author, mode)


def _by_spf(
    result: SpfResult, author: str, envelope: str | None, mode: Alignment | None
) -> bool | None:
    # RFC 9989 §4.4.2: MAIL FROM alone; HELO never aligns. Absent, the scope is mfrom (RFC 9990
    # §3.1.1.13), and its domain that of envelope_from.
    if result.scope is SpfScope.HELO:
        return False
    passes = _passes(result.result, SpfVerdict.PASS, (None, SpfVerdict.UNKNOWN))
    if passes and result.scope is SpfScope.UNKNOWN:
        passes = None
    return _both(passes, result.domain or envelope, author, mode)


def _passes(verdict: object, passing: object, unclear: Iterable[object]) -> bool | None:
    return None if verdict in unclear else verdict is passing


def _both(
    passes: bool | None, domain: str | None, author: str, mode: Alignment | None
) -> bool | None:
    """Passes and is aligned; either alone can make it false."""
    if passes is False:
        return False
    if domain is None:
        return None
    # RFC 9989 §4.7: an absent or unknown mode is relaxed (D17).
    is_aligned = _aligned(domain, author, mode is Alignment.STRICT)
    return passes if is_aligned else False


@lru_cache(maxsize=8192)
def _aligned(domain: str, author: str, is_strict: bool) -> bool:
    """RFC 9989 §4.4: strict is the same name, relaxed the same organizational domain."""
    if domain == author:
        return True
    if is_strict:
        return False
    organization = organizational_domain(author)
    return organization is not None and organization == organizational_domain(domain)
