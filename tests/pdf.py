"""What a PDF says, read by another program than the one that wrote it."""

from pathlib import Path

import pypdfium2

__all__ = ["links", "pages"]


def pages(path: Path) -> list[str]:
    """The text of each page."""
    with pypdfium2.PdfDocument(path) as document:
        return [page.get_textpage().get_text_range() for page in document]


def links(path: Path) -> int:
    """How many links, forms and other things to act on its pages have."""
    with pypdfium2.PdfDocument(path) as document:
        return sum(pypdfium2.raw.FPDFPage_GetAnnotCount(page) for page in document)
