"""The cache of a mailbox's tokens between two runs: one file, readable by its owner alone.

The folder must be ours with mode 700; files have mode 600 and are replaced whole.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ingest.model.source import printable
from schemas.errors import ConfigError

__all__ = ["Cached", "TokenCache", "default_folder"]


@dataclass(frozen=True, slots=True)
class Cached:
    """`expires_at` is in seconds since 1970.

    `refresh_token` is the one that the endpoint gave in place of the owner's, whose SHA-256 is
    `given`: when the settings hold another one, everything cached here is void.
    """

    access_token: SecretStr | None = None
    expires_at: float = 0
    refresh_token: SecretStr | None = None
    given: str = ""


def default_folder() -> Path:
    # XDG Base Directory Specification: a relative path there is invalid and to be ignored.
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path("~/.cache").expanduser()) / "rua"


class TokenCache:
    """One mailbox's file in `folder`; `where` names the setting in errors."""

    def __init__(self, folder: Path, key: str, where: str) -> None:
        self._folder, self._where = folder, where
        self._file = folder / f"token-{key}.json"

    @contextlib.contextmanager
    def locked(self) -> Iterator[Cached]:
        """The cached tokens, locked: no other process asks or writes meanwhile. Raises ConfigError.

        Two processes that renew at once would each void the refresh token of the other.
        """
        descriptor = self._guarded(self._lock)
        try:
            yield self._load()
        finally:
            os.close(descriptor)

    def save(self, cached: Cached) -> None:
        """Replace the cached tokens. Raises ConfigError."""
        values = {
            "access_token": _revealed(cached.access_token),
            "expires_at": cached.expires_at,
            "refresh_token": _revealed(cached.refresh_token),
            "given": cached.given,
        }
        self._guarded(lambda: self._replace(json.dumps(values).encode()))

    def _lock(self) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = self._folder.stat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            # Refused, not changed: others may need the folder (/tmp).
            raise ConfigError(
                f"{printable(str(self._folder))} holds tokens and is open to other users",
                where=self._where,
                todo="allow only this user (chmod 700), or name another folder",
            )
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._file.with_suffix(".lock"), flags, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor

    def _load(self) -> Cached:
        """Empty if there is no file, or none that rua wrote."""
        try:
            values = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return Cached()
        if not isinstance(values, dict):
            return Cached()
        expires_at = values.get("expires_at")
        return Cached(
            _secret(values.get("access_token")),
            expires_at if isinstance(expires_at, int | float) else 0,
            _secret(values.get("refresh_token")),
            str(values.get("given")),
        )

    def _replace(self, data: bytes) -> None:
        aside = self._file.with_suffix(".new")
        aside.unlink(missing_ok=True)  # left by a run that was killed here; we hold the lock
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(aside, flags, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._file)

    def _guarded(self, act: Any) -> Any:
        try:
            return act()
        except OSError as error:
            problem = error.strerror
        raise ConfigError(
            f"the token cache cannot be used: {printable(str(self._folder))}: {problem}",
            where=self._where,
            todo="set token_cache to a folder that this user may write",
        )


def _secret(value: object) -> SecretStr | None:
    return SecretStr(value) if isinstance(value, str) and value else None


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
