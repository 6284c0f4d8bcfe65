"""What a PDF says, read by another program than the one that wrote it."""

import ctypes.util
import os
from pathlib import Path

import pypdfium2
import pytest

__all__ = ["links", "needs_pango", "pages"]


def needs_pango() -> None:
    """Skips a test where there is no Pango; with CI=true that is a failure."""
    if not all(map(ctypes.util.find_library, ("pango-1.0", "pangoft2-1.0"))):
        message = "no Pango: the weekly report was NOT tested; see deploy/system-packages.sh"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)


def pages(path: Path) -> list[str]:
    """The text of each page."""
    with pypdfium2.PdfDocument(path) as document:
        return [page.get_textpage().get_text_range() for page in document]


def links(path: Path) -> int:
    """How many links, forms and other things to act on its pages have."""
    with pypdfium2.PdfDocument(path) as document:
        return sum(pypdfium2.raw.FPDFPage_GetAnnotCount(page) for page in document)
