"""A table of the settings, and the secrets that it names but never holds."""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr
from pydantic_core import PydanticCustomError

from schemas.errors import ConfigError

__all__ = ["Table", "mistake", "named", "secret"]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def mistake(words: str) -> PydanticCustomError:
    """A validator's error, as the person will read it."""
    return PydanticCustomError("mistake", "{words}", {"words": words})


def named(table: Table, stem: str) -> str | None:
    """The key that names the place of the secret `stem`; a file before a variable."""
    keys = (f"{stem}_file", f"{stem}_env", f"{stem}_credential")
    return next((key for key in keys if getattr(table, key, None) is not None), None)


def secret(table: Table, stem: str, place: str) -> SecretStr | None:
    """The secret, None if the table names no place for it. `place` precedes the key in messages.
    Raises ConfigError, which never shows the secret."""
    key = named(table, stem)
    if key is None:
        return None
    value, where = getattr(table, key), f"{place}{key}"
    words = stem.replace("_", " ")
    if key.endswith("_file"):
        return _secret_from_file(value, where, words)
    if key.endswith("_env"):
        found = os.environ.get(value)
        if not found:
            raise ConfigError(
                f"the environment variable {value} is not set",
                where=where,
                todo="set it in the crontab or the unit that starts rua",
            )
        return SecretStr(found)
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder:
        raise ConfigError(
            "there is no systemd credentials directory",
            where=where,
            todo=f"start rua from a unit with LoadCredential={value}:…",
        )
    return _secret_from_file(Path(folder) / value, where, words)


def _secret_from_file(path: Path, where: str, words: str) -> SecretStr:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(
            f"cannot read {path}: {reason}",
            where=where,
            todo=f"put only the {words} into that file, readable by this user alone (mode 600)",
        ) from None
    found = text.strip("\r\n")
    if not found:
        raise ConfigError(f"{path} is empty", where=where, todo=f"put the {words} into it")
    return SecretStr(found)
