"""Sizes as people write them: bytes, or "500 MiB"."""

import re

__all__ = ["parse_size", "size_words"]

UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
WRITTEN = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([KMGT]iB|B)?", re.IGNORECASE)


def parse_size(text: str) -> int:
    """Bytes. Raises ValueError for anything that is not a number with one of UNITS, or none."""
    found = WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    units = [unit.lower() for unit in UNITS]
    return int(float(found[1]) * 1024 ** units.index((found[2] or "B").lower()))


def size_words(count: int) -> str:
    """512 B, 1.5 GiB."""
    number, unit = float(count), UNITS[0]
    for larger in UNITS[1:]:
        if number < 1024:
            break
        number, unit = number / 1024, larger
    return f"{number:.1f}".removesuffix(".0") + f" {unit}"
