"""The closed vocabularies of both report kinds.

Reporters write them in any case and add words of their own. `of` maps what was sent to a member:
aliases by the table, unknown words to UNKNOWN. The caller keeps the raw text beside it. Absent or
empty gives None, which differs from UNKNOWN.
"""

from enum import StrEnum
from functools import lru_cache
from typing import Self

__all__ = [
    "Alignment",
    "DiscoveryMethod",
    "Disposition",
    "DkimVerdict",
    "EvaluatedResult",
    "OverrideReason",
    "Policy",
    "PolicyType",
    "SpfScope",
    "SpfVerdict",
    "Testing",
    "TlsResultType",
]

LONGEST_WORD = 64


class Vocabulary(StrEnum):
    @classmethod
    def aliases(cls) -> dict[str, str]:
        """Words seen in the wild that mean a member."""
        return {}

    @classmethod
    def of(cls, raw: str | None) -> Self | None:
        """The member that `raw` means; None if it is absent or empty."""
        if not raw:
            return None
        # A cache keyed by strangers' text must not grow with its length.
        return cls._folded(raw if len(raw) <= LONGEST_WORD else "unknown")

    @classmethod
    @lru_cache(maxsize=1024)
    def _folded(cls, raw: str) -> Self | None:
        # RFC 8601 §2.2 lets a comment follow: "fail (no key for signature)" (D43).
        word = raw.lower().partition("(")[0].strip()
        if not word:
            return cls("unknown") if raw.strip() else None
        word = cls.aliases().get(word, word)
        try:
            return cls(word)
        except ValueError:
            return cls("unknown")


class Policy(Vocabulary):
    """RFC 9989 §4.7: p, sp and np."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"
    UNKNOWN = "unknown"


class Disposition(Vocabulary):
    """RFC 9990 §3.1.1.9 adds `pass`: DMARC passed under an enforcing policy."""

    NONE = "none"
    PASS = "pass"
    QUARANTINE = "quarantine"
    REJECT = "reject"
    UNKNOWN = "unknown"


class Alignment(Vocabulary):
    RELAXED = "r"
    STRICT = "s"
    UNKNOWN = "unknown"

    @classmethod
    def aliases(cls) -> dict[str, str]:
        return {"relaxed": "r", "strict": "s"}


class Testing(Vocabulary):
    """RFC 9990 §3.1.1.5: the value of the record's `t` tag."""

    YES = "y"
    NO = "n"
    UNKNOWN = "unknown"


class DiscoveryMethod(Vocabulary):
    """RFC 9990 §3.1.1.5: how the reporter found the policy domain."""

    PSL = "psl"
    TREEWALK = "treewalk"
    UNKNOWN = "unknown"


class EvaluatedResult(Vocabulary):
    """policy_evaluated/dkim and /spf: the aligned result as DMARC saw it."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"

    @classmethod
    def aliases(cls) -> dict[str, str]:
        return {"hardfail": "fail"}


class OverrideReason(Vocabulary):
    """RFC 7489 and RFC 9990 §3.1.6 together; removed words are kept if they are sent."""

    FORWARDED = "forwarded"
    SAMPLED_OUT = "sampled_out"
    TRUSTED_FORWARDER = "trusted_forwarder"
    MAILING_LIST = "mailing_list"
    LOCAL_POLICY = "local_policy"
    POLICY_TEST_MODE = "policy_test_mode"
    OTHER = "other"
    UNKNOWN = "unknown"


class DkimVerdict(Vocabulary):
    """RFC 8601 §2.7.1."""

    NONE = "none"
    PASS = "pass"
    FAIL = "fail"
    POLICY = "policy"
    NEUTRAL = "neutral"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"
    UNKNOWN = "unknown"

    @classmethod
    def aliases(cls) -> dict[str, str]:
        return {"hardfail": "fail", "error": "permerror"}


class SpfVerdict(Vocabulary):
    """RFC 8601 §2.7.2; RFC 7489 App. C mentions the old words `unknown` and `error`."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"
    FAIL = "fail"
    SOFTFAIL = "softfail"
    POLICY = "policy"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"
    UNKNOWN = "unknown"

    @classmethod
    def aliases(cls) -> dict[str, str]:
        return {"hardfail": "fail", "error": "permerror", "unknown": "temperror"}


class SpfScope(Vocabulary):
    HELO = "helo"
    MFROM = "mfrom"
    UNKNOWN = "unknown"


class PolicyType(Vocabulary):
    """RFC 8460 §4.4."""

    TLSA = "tlsa"
    STS = "sts"
    NO_POLICY_FOUND = "no-policy-found"
    UNKNOWN = "unknown"


class TlsResultType(Vocabulary):
    """IANA registry "STARTTLS Validation Result Types" (RFC 8460 §4.3, §6.6); it grows."""

    STARTTLS_NOT_SUPPORTED = "starttls-not-supported"
    CERTIFICATE_HOST_MISMATCH = "certificate-host-mismatch"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_NOT_TRUSTED = "certificate-not-trusted"
    VALIDATION_FAILURE = "validation-failure"
    TLSA_INVALID = "tlsa-invalid"
    DNSSEC_INVALID = "dnssec-invalid"
    DANE_REQUIRED = "dane-required"
    STS_POLICY_FETCH_ERROR = "sts-policy-fetch-error"
    STS_POLICY_INVALID = "sts-policy-invalid"
    STS_WEBPKI_INVALID = "sts-webpki-invalid"
    UNKNOWN = "unknown"
