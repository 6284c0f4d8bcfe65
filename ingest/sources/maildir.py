"""Reads a Maildir while a mail program uses it; mails are never moved, flagged or changed.

A file name is a unique part and, in `cur`, flags after it ("…:2,S"). A mail program may move a mail
from `new` to `cur` and change its flags at any moment. So a mail is identified by its unique part,
and one that has been renamed is found under its new name.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Maildir", "is_maildir"]

FLAGS = re.compile(r"[:;!]2,[^:;!]*\Z")  # ";" and "!" on file systems without ":"
TRIES = 10  # to catch up with a mail that is renamed again and again


def is_maildir(folder: Path) -> bool:
    """Whether it has `cur`, and `new` or `tmp` (an archiver may leave out what is empty)."""
    return (folder / "cur").is_dir() and any((folder / name).is_dir() for name in ("new", "tmp"))


class Maildir:
    """The mails of one folder: `mails` lists them, `follow` finds one that was renamed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: dict[str, Path] = {}

    def mails(self) -> Iterator[tuple[str, Path]]:
        """(key, where it is now) of every mail, oldest first by name. Raises OSError."""
        self._list()
        for unique in sorted(self._paths):
            path = self._paths.get(unique)  # gone if follow() has listed the folder again
            if path is not None:
                yield f"{self._folder}/{unique}", path

    def follow(self, path: Path) -> Iterator[Path]:
        """The new paths of the mail that was at `path`; ends when it is gone."""
        unique = _unique(path.name)
        for _ in range(TRIES):
            if self._paths.get(unique) == path:
                self._list()
            found = self._paths.get(unique)
            if found is None:
                return
            yield found
            path = found

    def subfolders(self) -> list[str]:
        """The subfolders: those of Maildir++ (".Name"), and any other but new, cur and tmp."""
        inside = sorted(os.scandir(self._folder), key=lambda entry: entry.name)
        return [
            entry.path
            for entry in inside
            if entry.is_dir(follow_symlinks=False)
            and entry.name not in ("cur", "new", "tmp")
            and (not entry.name.startswith(".") or is_maildir(Path(entry.path)))
        ]

    def _list(self) -> None:
        """List the folder again, `new` first: a mail moved meanwhile is seen twice, not never."""
        paths: dict[str, Path] = {}
        for name in ("new", "cur"):
            folder = self._folder / name
            if name == "cur" or folder.is_dir():
                for entry in os.scandir(folder):
                    if not entry.name.startswith("."):
                        paths[_unique(entry.name)] = Path(entry.path)
        self._paths = paths


def _unique(name: str) -> str:
    return FLAGS.sub("", name)
