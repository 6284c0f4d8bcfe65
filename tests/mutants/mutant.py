"""One small change of one file."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Edit", "Mutant"]


@dataclass(frozen=True)
class Edit:
    """Bytes `start` to `stop` become `new`; only their first `word`, where that is given."""

    start: int
    stop: int
    new: str
    word: str | None = None

    def on(self, source: bytes) -> tuple[int, bytes, bytes]:
        """The first byte that changes, what stood there, and what stands there now."""
        old, new = source[self.start : self.stop], self.new.encode()
        if self.word is None:
            return self.start, old, new
        place = old.index(self.word.encode())
        return self.start + place, self.word.encode(), new


@dataclass(frozen=True)
class Mutant:
    """`path` is relative to the root of the project."""

    path: Path
    edit: Edit

    def source(self, root: Path) -> bytes:
        """The file's text with the change made."""
        text = (root / self.path).read_bytes()
        start, old, new = self.edit.on(text)
        return text[:start] + new + text[start + len(old) :]

    def shown(self, root: Path) -> str:
        """file:line  the line before -> the line after"""
        text = (root / self.path).read_bytes()
        start, old, new = self.edit.on(text)
        number = text[:start].count(b"\n") + 1
        was = b" ".join(old.split()).decode()
        line = text.split(b"\n")[number - 1].strip().decode()
        return f"{self.path}:{number}  {was!r} -> {new.decode().strip()!r}  in  {line}"
