"""Where files go: folder names made of strangers' names, and files that appear whole or not at all.

A group's name is the owner's, yet may hold anything: a folder name is made of a-z, 0-9 and dashes
alone, so nothing in it leaves the folder, is reserved by a system, or hides.
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
# Device names of Windows, where such a folder cannot be made, and names of our own.
RESERVED = {"con", "prn", "aux", "nul", "csv", NO_GROUP, EVERYTHING} | {
    f"{device}{number}" for device in ("com", "lpt") for number in range(10)
}


def folder_names(groups: Iterable[str]) -> dict[str, str]:
    """{group: folder name}, each another one; "" are the domains in no group.

    A name that two groups share carries a hash of the group's, in both: neither's folder moves to
    the other when a third comes.
    """
    listed = list(groups)
    plain_names = {group: _slug(group) for group in listed if group}
    shared = list(plain_names.values())
    found = {
        group: slug
        if slug and slug not in RESERVED and shared.count(slug) == 1
        else "-".join(part for part in (slug, _hash(group)) if part)
        for group, slug in plain_names.items()
    }
    if "" in listed:
        found[""] = NO_GROUP if found else EVERYTHING
    return found


def _slug(name: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:LONGEST].rstrip("-")


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def put(path: Path, content: bytes) -> Path:
    """Write a file, which takes the place of an older one at once. Raises ConfigError."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(content)
        half.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            half.unlink(missing_ok=True)
        raise ConfigError(
            f"cannot be written: {error.strerror}",
            where=str(path),
            todo="name another folder with --out, or make room",
        ) from None
    return path


def remove(path: Path) -> None:
    """Take away what an earlier run wrote and this one cannot write anew."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
