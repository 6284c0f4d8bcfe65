"""Half of a surrogate pair in JSON: no character, and no UTF-8 can hold it."""

import re

__all__ = ["without_lone_surrogates"]

# Escapes are taken one after the other, so that a backslash that is itself escaped starts none.
ESCAPE = re.compile(
    r"\\u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\.",
    re.DOTALL,
)


def without_lone_surrogates(text: str) -> str:
    """JSON text with U+FFFD for each escaped half (RFC 7493 §2.1 forbids them in I-JSON)."""
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return ESCAPE.sub(lambda found: r"\ufffd" if found[1] else found[0], text)
