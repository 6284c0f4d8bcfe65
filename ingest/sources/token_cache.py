"""What is remembered of a mailbox's tokens between two runs: one file, readable by us alone.

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

__all__ = ["Kept", "TokenCache", "default_folder"]


@dataclass(frozen=True, slots=True)
class Kept:
    """`expires_at` is in seconds since 1970.

    `refresh_token` is what the endpoint gave in place of the owner's, whose SHA-256 is `given`:
    when the owner puts another one into the settings, all that is kept here is void.
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
    def held(self) -> Iterator[Kept]:
        """What is kept, and nobody else asks or writes meanwhile. Raises ConfigError.

        Two processes that renew at once would each void the refresh token of the other.
        """
        descriptor = self._guarded(self._locked)
        try:
            yield self._load()
        finally:
            os.close(descriptor)

    def save(self, kept: Kept) -> None:
        """Replace what is kept. Raises ConfigError."""
        values = {
            "access_token": _revealed(kept.access_token),
            "expires_at": kept.expires_at,
            "refresh_token": _revealed(kept.refresh_token),
            "given": kept.given,
        }
        self._guarded(lambda: self._replace(json.dumps(values).encode()))

    def _locked(self) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = self._folder.stat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            # Refused, not mended: the folder may be one that others need (/tmp).
            raise ConfigError(
                f"{printable(str(self._folder))} keeps tokens and is open to other users",
                where=self._where,
                todo="give it to this user alone (chmod 700), or name another folder",
            )
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._file.with_suffix(".lock"), flags, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor

    def _load(self) -> Kept:
        """Nothing where there is no file, or none that we wrote."""
        try:
            values = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return Kept()
        if not isinstance(values, dict):
            return Kept()
        expires_at = values.get("expires_at")
        return Kept(
            _secret(values.get("access_token")),
            expires_at if isinstance(expires_at, int | float) else 0,
            _secret(values.get("refresh_token")),
            str(values.get("given")),
        )

    def _replace(self, data: bytes) -> None:
        aside = self._file.with_suffix(".new")
        aside.unlink(missing_ok=True)  # of a run that was killed here; the lock is ours
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
            f"the cache of tokens cannot be used: {printable(str(self._folder))}: {problem}",
            where=self._where,
            todo="set token_cache to a folder that this user may write",
        )


def _secret(value: object) -> SecretStr | None:
    return SecretStr(value) if isinstance(value, str) and value else None


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
