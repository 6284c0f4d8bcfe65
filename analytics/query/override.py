"""An owner's override: a label or an approval, which stands over every rule."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

__all__ = ["APPROVED", "Matching", "Override"]

APPROVED = "approved"
Matching = Literal["address", "network", "domain", "source"]


@dataclass(frozen=True, slots=True)
class Override:
    """`match` as written, `kind` what it names, `value` that in its normal form.

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
