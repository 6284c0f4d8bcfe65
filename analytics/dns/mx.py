"""The MX records of a domain (RFC 5321 §5.1), as text "10 mx.example.com"."""

from collections.abc import Iterable

from analytics.dns.lookup_types import Answer

__all__ = ["NULL", "is_null", "question", "written"]

NULL = "0 ."


def question(domain: str) -> tuple[str, str]:
    return domain, "MX"


def written(exchanges: Iterable[tuple[int, str]]) -> list[str]:
    return [f"{preference} {host}" for preference, host in exchanges]


def is_null(answer: Answer | None) -> bool | None:
    """Whether the domain says that it takes no mail; None where DNS did not tell."""
    if answer is None or answer.outcome.is_error:
        return None
    # RFC 7505 §3: one record of preference 0 with a zero-length name, and no other beside it.
    return answer.data == (NULL,)
