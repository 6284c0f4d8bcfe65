"""Folders of this repository that tests read from."""

from pathlib import Path

__all__ = ["DOCS", "GOLDEN", "README", "ROOT"]

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
DOCS = ROOT / "docs"
README = ROOT / "README.md"
