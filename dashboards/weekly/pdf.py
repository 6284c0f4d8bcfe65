"""The page as a PDF; the only module that imports WeasyPrint, and only when called.

It fetches nothing: every reference, of any scheme, is refused.
"""

import contextlib
import hashlib
import logging
import sys
from typing import Any

__all__ = ["NoPango", "pdf"]


class NoPango(Exception):
    """The system lacks the text layout libraries (Pango, HarfBuzz, fontconfig)."""


def pdf(html: str, identity: str) -> bytes:
    """The PDF of a page; the same page gives the same bytes. Raises NoPango."""
    library = _weasyprint()
    document = library.HTML(string=html, url_fetcher=_refuse, base_url=None)
    identifier = hashlib.sha256(identity.encode()).digest()[:16]
    content: bytes = document.write_pdf(pdf_identifier=identifier, pdf_tags=True)
    return content


def _weasyprint() -> Any:
    try:
        # It prints messages on missing libraries to stdout, which is for data.
        with contextlib.redirect_stdout(sys.stderr):
            import weasyprint  # takes most of a second, and the system's Pango
    except OSError as error:
        raise NoPango(str(error)) from None
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    return weasyprint


def _refuse(url: str, *_: Any, **__: Any) -> Any:
    raise ValueError(f"references are not fetched: {url[:100]}")
