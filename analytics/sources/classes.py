"""The classes of a source: whose mail it is, and whether it passes."""

from enum import StrEnum

__all__ = ["CLASSES", "INDIRECT", "LEGITIMATE", "SourceClass"]


class SourceClass(StrEnum):
    """What a source is to a policy domain."""

    OWN = "own"  # yours, and passes DMARC
    BROKEN = "broken"  # yours or a vendor of yours, and fails
    FORWARDER = "forwarder"
    LIST = "list"
    SPOOF = "spoof"  # not yours
    UNDECIDED = "undecided"  # may be yours


# Plain strings, as parameters of SQL and keys of JSON.
CLASSES: tuple[str, ...] = tuple(each.value for each in SourceClass)
LEGITIMATE = (SourceClass.OWN.value, SourceClass.BROKEN.value)
INDIRECT = (SourceClass.FORWARDER.value, SourceClass.LIST.value)
