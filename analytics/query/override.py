"""The type of an owner's override: a label or an approval, which takes precedence over rules."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

__all__ = ["APPROVED", "Matching", "Override"]

APPROVED = "approved"
Matching = Literal["address", "network", "domain", "source"]


@dataclass(frozen=True, slots=True)
class Override:
    """`match` is the text as written, `kind` what it names, `value` its normal form.

    `class_` may be APPROVED: own where the source passes, broken where it fails.
    """

    policy_domain: str
    match: str
    kind: Matching
    value: str
    class_: str
    is_label: bool
    note: str | None = None
    made_at: datetime | None = None
