"""Replaces lone surrogates in JSON text: they are no characters, and UTF-8 cannot hold them."""

import re

__all__ = ["without_lone_surrogates"]

# Escapes are matched one after the other, so that an escaped backslash starts none.
ESCAPE = re.compile(
    r"\\u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\.",
    re.DOTALL,
)


def without_lone_surrogates(text: str) -> str:
    """JSON text with U+FFFD for each lone surrogate (RFC 7493 §2.1 forbids them in I-JSON)."""
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return ESCAPE.sub(lambda found: r"\ufffd" if found[1] else found[0], text)
