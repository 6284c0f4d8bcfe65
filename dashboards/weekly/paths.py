"""Folder names of groups, and files that appear whole or not at all.

A group's name may hold anything. A folder's name is a-z, 0-9 and dashes only, so it cannot lead out
of the folder, be hidden, or be a name that the system reserves.
"""

import contextlib
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from schemas.errors import ConfigError

__all__ = ["folder_names", "put", "remove"]

LONGEST = 60
NO_GROUP, EVERYTHING = "no-group", "all-domains"
# Device names of Windows, which no folder may have, and our own folder names.
RESERVED = {"con", "prn", "aux", "nul", "csv", NO_GROUP, EVERYTHING} | {
    f"{device}{number}" for device in ("com", "lpt") for number in range(10)
}


def folder_names(groups: Iterable[str]) -> dict[str, str]:
    """{group: folder name}, all different; "" stands for the domains in no group.

    If two groups would share a name, both get a hash of the group's name, so that neither changes
    when a third group is added.
    """
    listed = list(groups)
    plain_names = {group: _slug(group) for group in listed if group}
    shared = list(plain_names.values())
    folders = {
        group: slug
        if slug and slug not in RESERVED and shared.count(slug) == 1
        else "-".join(part for part in (slug, _hash(group)) if part)
        for group, slug in plain_names.items()
    }
    if "" in listed:
        folders[""] = NO_GROUP if folders else EVERYTHING
    return folders


def _slug(name: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:LONGEST].rstrip("-")


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def put(path: Path, content: bytes) -> Path:
    """Write a file, or replace an older one in one step. Raises ConfigError."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise ConfigError(
            f"cannot be written: {error.strerror}",
            where=str(path),
            todo="choose another folder with --out, or free space",
        ) from None
    return path


def remove(path: Path) -> None:
    """Delete a file of an earlier run that this run could not write."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
