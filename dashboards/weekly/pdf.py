"""The page as a PDF; the only module that knows WeasyPrint, which is loaded when it is called.

It fetches nothing, of any scheme: whatever would be referenced is refused.
"""

import contextlib
import hashlib
import logging
import sys
from typing import Any

__all__ = ["NoPango", "pdf"]


class NoPango(Exception):
    """The system's text layout libraries (Pango, HarfBuzz, fontconfig) are not there."""


def pdf(html: str, identity: str) -> bytes:
    """The bytes of a PDF, the same for the same page. Raises NoPango."""
    library = _weasyprint()
    document = library.HTML(string=html, url_fetcher=_refuse, base_url=None)
    identifier = hashlib.sha256(identity.encode()).digest()[:16]
    made: bytes = document.write_pdf(pdf_identifier=identifier, pdf_tags=True)
    return made


def _weasyprint() -> Any:
    try:
        # What it says of a missing library would be on stdout, which is data.
        with contextlib.redirect_stdout(sys.stderr):
            import weasyprint  # takes most of a second, and the system's Pango
    except OSError as error:
        raise NoPango(str(error)) from None
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    return weasyprint


def _refuse(url: str, *_: Any, **__: Any) -> Any:
    raise ValueError(f"nothing is fetched: {url[:100]}")
