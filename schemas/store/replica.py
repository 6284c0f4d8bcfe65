"""Copies of the store, for those who read often and for long.

A reader of the store keeps writers out until it has its answer, and whoever comes next waits for
both. A reader of a copy keeps nobody waiting and sees the same numbers on every page.
"""

import contextlib
import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

from schemas.store.store import Copied, Store
from schemas.store.temp_dirs import scratch_folder

__all__ = ["Copies"]

KEPT = 2  # the one being read, and its successor
FREE_FOR_OTHERS = 256 * 1024 * 1024  # bytes that a copy leaves on the disk
LOG = ".wal"


class Copies:
    """The last copies of a store, in a folder beside it for this user alone, until `close`."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._folder: Path | None = None
        self._made: list[Copied] = []

    def make(self, store: Store) -> Copied | None:
        """A copy of the store; the last one if nothing has changed since.

        None if there is no room for it, or no folder can be made. Raises StoreError (missing,
        locked, damaged).
        """
        now = (store.path, store.state())
        if self._made and (self._made[-1].path, self._made[-1].state) == now:
            return self._made[-1]
        try:
            return self._copy(store)
        except OSError:
            return None

    def close(self) -> None:
        """Remove all of them."""
        self._stack.close()
        self._folder, self._made = None, []

    def _copy(self, store: Store) -> Copied | None:
        folder = self._folder_of(store)
        self._remove_older()
        with store.held():
            state = store.state()
            name = hashlib.sha256(repr(state).encode()).hexdigest()[:16]
            at = datetime.now(UTC).replace(tzinfo=None)
            copied = Copied(folder / f"{name}.duckdb", store.path, state, at)
            if not _has_room(folder, store.path):
                return None
            try:
                _copy_files(store.path, copied.file)
            except OSError:
                _remove(copied.file)
                raise
        self._made.append(copied)
        return copied

    def _folder_of(self, store: Store) -> Path:
        """Beside the present store: the settings may name another one meanwhile."""
        parent = store.path.absolute().parent
        if self._folder is None or self._folder.parent != parent or not self._folder.exists():
            self.close()
            prefix = f".{store.path.name}-copy-"
            self._folder = self._stack.enter_context(scratch_folder(parent, prefix))
        return self._folder

    def _remove_older(self) -> None:
        """Whoever has one open can finish reading it."""
        for copied in self._made[: -KEPT + 1]:
            _remove(copied.file)
        self._made = self._made[-KEPT + 1 :]


def _has_room(folder: Path, path: Path) -> bool:
    needed = sum(file.stat().st_size for file in _files(path) if file.exists())
    return shutil.disk_usage(folder).free >= needed + FREE_FOR_OTHERS


def _copy_files(path: Path, copy: Path) -> None:
    for source, target in zip(_files(path), _files(copy), strict=True):
        if source.exists():
            shutil.copyfile(source, target)
            target.chmod(0o600)


def _remove(copy: Path) -> None:
    for file in _files(copy):
        file.unlink(missing_ok=True)


def _files(path: Path) -> tuple[Path, Path]:
    """A store's file and its log, which a killed writer leaves behind."""
    return path, path.with_name(path.name + LOG)
