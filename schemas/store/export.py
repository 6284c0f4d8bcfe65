"""A copy of the store for other programs, which appears whole or not at all."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from schemas.errors import ConfigError, StoreFull
from schemas.store.store import Store
from schemas.store.temp_dirs import scratch_folder

__all__ = ["write_snapshot"]

BESIDE = (".wal", ".lock", ".queue", ".ingest", ".new", ".new.wal")  # files of the store itself


def write_snapshot(store: Store, target: Path, *, force: bool = False) -> int:
    """Copy the store to `target`; an existing file is replaced only with `force`.

    Returns the size in bytes. Raises StoreError, and ConfigError for an impossible target.
    """
    target = Path(os.path.realpath(target))
    _refuse_own_files(store.path, target)
    _refuse_taken(target, force=force)
    with _folder_beside(target) as folder:
        aside = folder / "snapshot.duckdb"
        store.copy_to(aside)
        size = aside.stat().st_size
        _put(aside, target, force=force)
    return size


def _refuse_own_files(store: Path, target: Path) -> None:
    own = Path(os.path.realpath(store))
    is_store = target == own or (target.exists() and own.exists() and target.samefile(own))
    if is_store or target in [own.with_name(own.name + suffix) for suffix in BESIDE]:
        raise ConfigError(
            "this is the store itself, or one of its files",
            where=str(target),
            todo="name another file",
        )


def _refuse_taken(target: Path, *, force: bool) -> None:
    log = target.with_name(target.name + ".wal")
    if log.exists():
        # DuckDB would replay the old file's changes onto the new one.
        raise ConfigError(
            "another program is changing this file, or crashed while it did",
            where=str(log),
            todo="close that program, or remove both files",
        )
    if not target.exists():
        return
    if not target.is_file():
        raise ConfigError("this is not a file", where=str(target), todo="name a file")
    if not force:
        raise _taken(target)


def _taken(target: Path) -> ConfigError:
    return ConfigError("the file exists", where=str(target), todo="give --force to replace it")


@contextlib.contextmanager
def _folder_beside(target: Path) -> Iterator[Path]:
    """A folder for the unfinished copy, on the same file system so that a rename is enough."""
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(scratch_folder(target.parent, ".rua-snapshot-"))
        except OSError as error:
            raise _ours(error, target.parent) from None
        yield folder


def _take_over_mode(aside: Path, target: Path) -> None:
    """A replaced file keeps its permissions; a new one is for this user alone."""
    try:
        status = target.stat()
    except FileNotFoundError:
        aside.chmod(0o600)
        return
    mode = stat.S_IMODE(status.st_mode)
    try:
        os.chown(aside, -1, status.st_gid)
    except OSError:  # only members of that group may; then no group may read it
        mode &= ~stat.S_IRWXG
    aside.chmod(mode)


def _put(aside: Path, target: Path, *, force: bool) -> None:
    try:
        _take_over_mode(aside, target)
        if not force:
            _link(aside, target)
        else:
            aside.replace(target)
    except OSError as error:
        raise _ours(error, target) from None


def _link(aside: Path, target: Path) -> None:
    """Unlike a rename, a link never replaces a file that was made meanwhile."""
    try:
        os.link(aside, target)
    except FileExistsError:
        raise _taken(target) from None
    except OSError:  # a file system without hard links
        if target.exists():
            raise _taken(target) from None
        aside.replace(target)


def _ours(error: OSError, path: Path) -> ConfigError | StoreFull:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull(
            "no space left on the device", where=str(path), todo="free some; nothing was lost"
        )
    return ConfigError(f"cannot be written: {error.strerror}", where=str(path))
