"""The settings: rua.toml < environment `RUA_…` < flags. The keys are a public contract.

Secrets are never in the file itself: a mailbox names a file, an environment variable or a
systemd credential that holds its password.
"""

import difflib
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from schemas.errors import ConfigError

__all__ = ["DomainSettings", "Mailbox", "Settings", "find_config", "load_settings"]

PLACES = ("./rua.toml", "~/.config/rua/rua.toml")


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Mailbox(Table):
    """One IMAP folder that receives reports."""

    name: str = Field(min_length=1, max_length=64)
    host: str = Field(min_length=1)
    port: int = Field(default=993, ge=1, le=65535)
    security: Literal["tls", "starttls"] = "tls"
    ca_file: Path | None = None
    username: str = Field(min_length=1)
    password_file: Path | None = None
    password_env: str | None = None
    password_credential: str | None = None
    folder: str = Field(default="INBOX", min_length=1)
    processed: str = "Processed"
    authserv_id: str | None = None
    batch: int = Field(default=200, ge=1, le=5000)
    timeout: float = Field(default=60, gt=0, le=600)

    def password(self) -> SecretStr:
        """The password from where the settings say. Raises ConfigError, which never shows it."""
        where = f'mailbox "{self.name}"'
        if self.password_file is not None:
            return _secret_from_file(self.password_file, f"{where}, key password_file")
        if self.password_env is not None:
            value = os.environ.get(self.password_env)
            if not value:
                raise ConfigError(
                    f"the environment variable {self.password_env} is not set",
                    where=f"{where}, key password_env",
                    todo="export it in the crontab or the unit that starts rua",
                )
            return SecretStr(value)
        if self.password_credential is not None:
            folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
            if not folder:
                raise ConfigError(
                    "there is no systemd credentials directory",
                    where=f"{where}, key password_credential",
                    todo=f"start rua from a unit with LoadCredential={self.password_credential}:…",
                )
            return _secret_from_file(
                Path(folder) / self.password_credential, f"{where}, key password_credential"
            )
        raise ConfigError(
            "no password is configured",
            where=where,
            todo="set password_file, password_env or password_credential",
        )


def _secret_from_file(path: Path, where: str) -> SecretStr:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(
            f"cannot read {path}: {reason}",
            where=where,
            todo="put the password alone into that file, readable by this user only (mode 600)",
        ) from None
    secret = text.strip("\r\n")
    if not secret:
        raise ConfigError(f"{path} is empty", where=where, todo="put the password into it")
    return SecretStr(secret)


class DomainSettings(Table):
    """What the owner says of one domain."""

    goal: Literal["reject", "quarantine"] = "reject"
    parked: bool = False
    accept_indirect_loss: bool = False
    group: str | None = None
    approved: tuple[str, ...] = ()


def _domain_keys(value: object) -> object:
    if isinstance(value, dict):
        return {str(name).strip().rstrip(".").lower(): rest for name, rest in value.items()}
    return value


class Settings(BaseSettings):
    """Everything a run can be told. Paths in the file are relative to the file's folder."""

    model_config = SettingsConfigDict(
        env_prefix="RUA_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    store: Path = Path("rua.duckdb")
    lock_timeout: float = Field(default=60, ge=0)
    workers: int = Field(default=min(4, os.cpu_count() or 1), ge=1, le=64)
    mailbox: tuple[Mailbox, ...] = ()
    domains: Annotated[dict[str, DomainSettings], BeforeValidator(_domain_keys)] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment stands over what the file says; flags are laid over both later."""
        return env_settings, init_settings


def find_config(given: Path | None) -> Path | None:
    """The settings file: --config, else RUA_CONFIG, ./rua.toml, the user's folder, else none."""
    named = given or (Path(os.environ["RUA_CONFIG"]) if os.environ.get("RUA_CONFIG") else None)
    if named is not None:
        if not named.is_file():
            raise ConfigError(
                "there is no such settings file", where=str(named), todo="check --config"
            )
        return named
    places = (Path(place).expanduser() for place in PLACES)
    return next((place for place in places if place.is_file()), None)


def load_settings(
    config: Path | None, *, store: Path | None, lock_timeout: float | None
) -> Settings:
    """Settings from the file, the environment and flags, in rising order of weight."""
    path = find_config(config)
    values = _read_file(path) if path else {}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        # A key that is missing is most often one that is misspelt: say that.
        first = sorted(error.errors(), key=lambda each: each["type"] != "extra_forbidden")[0]
        raise _explained(first, path) from None
    flags = {"store": store, "lock_timeout": lock_timeout}
    given = {key: value for key, value in flags.items() if value is not None}
    return settings.model_copy(update=given)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not valid TOML: {error}", where=str(path)) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from None
    folder = path.parent
    if isinstance(values.get("store"), str):
        values["store"] = folder / values["store"]
    for box in values.get("mailbox", ()) if isinstance(values.get("mailbox"), list) else ():
        for key in ("ca_file", "password_file"):
            if isinstance(box, dict) and isinstance(box.get(key), str):
                box[key] = folder / box[key]
    return values


def _explained(error: ErrorDetails, path: Path | None) -> ConfigError:
    loc = error["loc"]
    key = ".".join(str(part) for part in loc)
    where = f"{path or 'environment'}, key {key}"
    if error["type"] != "extra_forbidden":
        return ConfigError(error["msg"][0].lower() + error["msg"][1:], where=where)
    known = _known_keys(loc[:-1])
    near = difflib.get_close_matches(str(loc[-1]), known, n=1, cutoff=0)
    return ConfigError(
        "there is no such key", where=where, todo=f"did you mean {near[0]}?" if near else ""
    )


def _known_keys(loc: tuple[int | str, ...]) -> list[str]:
    """The keys of the table at `loc`, walked through lists and name-keyed tables."""
    here: Any = Settings
    for part in loc:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(part))
            here = field.annotation if field else None
        elif get_origin(here) in (tuple, dict):
            inner = [arg for arg in get_args(here) if arg is not Ellipsis]
            here = inner[-1]
    is_table = isinstance(here, type) and issubclass(here, BaseModel)
    return sorted(here.model_fields) if is_table else []
