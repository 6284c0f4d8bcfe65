"""The settings: rua.toml < environment `RUA_…` < flags. The keys are a public contract.

Secrets are never in the file itself: it names a file, an environment variable or a systemd
credential that holds a mailbox's password or the secrets of its OAuth 2.0 grant.
"""

import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from schemas.config.access import Access, check_groups
from schemas.config.section import Table, mistake, named, secret
from schemas.config.sizes import parse_size
from schemas.config.suggestions import explained
from schemas.config.thresholds import Gates
from schemas.errors import ConfigError

__all__ = [
    "Dns",
    "DomainSettings",
    "Mailbox",
    "OAuth2",
    "Settings",
    "find_config",
    "load_settings",
    "settings_stamp",
    "split_nameserver",
]

PLACES = ("./rua.toml", "~/.config/rua/rua.toml")


class OAuth2(Table):
    """How a mailbox gets access tokens (RFC 6749), and the login mechanism that uses them."""

    grant: Literal["refresh_token", "client_credentials"]
    token_url: str
    client_id: str = Field(min_length=1)
    client_secret_file: Path | None = None
    client_secret_env: str | None = None
    client_secret_credential: str | None = None
    client_auth: Literal["post", "basic"] = "post"
    refresh_token_file: Path | None = None
    refresh_token_env: str | None = None
    refresh_token_credential: str | None = None
    scope: str | None = None
    mechanism: Literal["auto", "xoauth2", "oauthbearer"] = "auto"
    ca_file: Path | None = None
    token_cache: Path | None = None

    @field_validator("token_url")
    @classmethod
    def _only_https(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise mistake("must begin with https://: secrets are sent to it")
        if parts.username is not None or parts.fragment:
            raise mistake("must contain neither a user name nor a #")
        return url

    @model_validator(mode="after")
    def _has_what_the_grant_needs(self) -> Self:
        wanted = {"refresh_token": "refresh_token", "client_credentials": "client_secret"}
        stem = wanted[self.grant]
        if not named(self, stem):
            names = f"{stem}_file, {stem}_env or {stem}_credential"
            raise mistake(f'grant = "{self.grant}" needs {names}')
        return self

    def client_secret(self, mailbox: str) -> SecretStr | None:
        """None for a public client. Raises ConfigError, which never shows it."""
        return secret(self, "client_secret", f'mailbox "{mailbox}", key oauth2.')

    def refresh_token(self, mailbox: str) -> SecretStr | None:
        """As configured; the endpoint may have replaced it since."""
        return secret(self, "refresh_token", f'mailbox "{mailbox}", key oauth2.')


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
    oauth2: OAuth2 | None = None

    @model_validator(mode="after")
    def _logs_in_one_way(self) -> Self:
        told = named(self, "password")
        if self.oauth2 is not None and told:
            raise mistake(f"{told} and the table oauth2 exclude each other: leave one out")
        return self

    def password(self) -> SecretStr:
        """The password from where the settings say. Raises ConfigError, which never shows it."""
        found = secret(self, "password", f'mailbox "{self.name}", key ')
        if found is None:
            raise ConfigError(
                "neither a password nor OAuth 2.0 is configured",
                where=f'mailbox "{self.name}"',
                todo="set password_file, password_env or password_credential, "
                "or add a table [mailbox.oauth2]",
            )
        return found


NAMESERVER = re.compile(
    r"\[(?P<v6>[^]]+)\](:(?P<v6_port>[0-9]{1,5}))?"
    r"|(?P<v4>[0-9.]+)(:(?P<v4_port>[0-9]{1,5}))?"
    r"|(?P<bare>[0-9a-fA-F:.]+(%\w+)?)"
)


def split_nameserver(text: str) -> tuple[str, int]:
    """(address, port) of "192.0.2.53", "192.0.2.53:5353", "2001:db8::53" or "[2001:db8::53]:5353".

    Raises ValueError for anything else, names included: nothing could look them up.
    """
    found = NAMESERVER.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    address = found["v6"] or found["v4"] or found["bare"]
    port = int(found["v6_port"] or found["v4_port"] or 53)
    ipaddress.ip_address(address)
    if not 0 < port < 65536:
        raise ValueError(text)
    return address, port


class Dns(Table):
    """Whether and how to ask DNS."""

    offline: bool = False
    nameservers: tuple[str, ...] = ()
    timeout: float = Field(default=3, gt=0, le=10)

    @field_validator("nameservers")
    @classmethod
    def _only_addresses(cls, nameservers: tuple[str, ...]) -> tuple[str, ...]:
        for each in nameservers:
            try:
                split_nameserver(each)
            except ValueError:
                shown = '"192.0.2.53", "192.0.2.53:5353" or "[2001:db8::53]:5353"'
                raise mistake(f'"{each[:100]}" is not an address: write {shown}') from None
        return nameservers


class DomainSettings(Table):
    """The owner's decisions about one domain."""

    goal: Literal["reject", "quarantine"] = "reject"
    parked: bool = False
    accept_indirect_loss: bool = False
    group: str | None = None
    approved: tuple[str, ...] = ()


def _domain_keys(value: object) -> object:
    if isinstance(value, dict):
        return {str(name).strip().rstrip(".").lower(): rest for name, rest in value.items()}
    return value


def _one_each(mailboxes: tuple[Mailbox, ...]) -> tuple[Mailbox, ...]:
    """The ledger identifies mails by mailbox name: two of one name would share entries."""
    names = [mailbox.name for mailbox in mailboxes]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f'two mailboxes have the name "{twice}"')
    return mailboxes


def _size(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_size(value)
    except ValueError:
        raise mistake('write a number of bytes, or a size like "500 MiB" or "2 GiB"') from None


class Settings(BaseSettings):
    """All settings. Paths in the file are relative to its folder."""

    model_config = SettingsConfigDict(
        env_prefix="RUA_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    store: Path = Path("rua.duckdb")
    lock_timeout: float = Field(default=60, ge=0)
    workers: int = Field(default=min(4, os.cpu_count() or 1), ge=1, le=64)
    require_verified: bool = False
    quarantine_budget: Annotated[int, BeforeValidator(_size), Field(ge=0)] = 1024**3
    authserv_id: str | None = None
    dns: Dns = Dns()
    gates: Gates = Gates()
    mailbox: Annotated[tuple[Mailbox, ...], AfterValidator(_one_each)] = ()
    domains: Annotated[dict[str, DomainSettings], BeforeValidator(_domain_keys)] = {}
    access: Access | None = None

    @property
    def groups(self) -> dict[str, list[str]]:
        """Domains by group, both in alphabetical order; "" is no group, and last."""
        names = sorted(
            {each.group or "" for each in self.domains.values()}, key=lambda n: (not n, n)
        )
        return {
            name: sorted(d for d, each in self.domains.items() if (each.group or "") == name)
            for name in names
        }

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment overrides the file; flags override both later."""
        return env_settings, init_settings


def find_config(given: Path | None) -> Path | None:
    """The settings file: --config, else RUA_CONFIG, ./rua.toml, the user's folder, else none."""
    named = given or (Path(os.environ["RUA_CONFIG"]) if os.environ.get("RUA_CONFIG") else None)
    if named is not None:
        if not named.is_file():
            raise ConfigError(
                "the settings file does not exist", where=str(named), todo="check --config"
            )
        return named
    places = (Path(place).expanduser() for place in PLACES)
    return next((place for place in places if place.is_file()), None)


def settings_stamp() -> tuple[object, ...]:
    """Changes whenever `load_settings` without arguments may return something else.

    Raises ConfigError."""
    path = find_config(None)
    named = tuple(sorted(each for each in os.environ.items() if each[0].startswith("RUA_")))
    if path is None:
        return (named,)
    try:
        status = path.stat()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from None
    return named, str(path.absolute()), status.st_mtime_ns, status.st_size, status.st_ino


def load_settings(
    config: Path | None, *, store: Path | None, lock_timeout: float | None
) -> Settings:
    """Settings from the file, the environment and flags; each overrides the one before."""
    path = find_config(config)
    values = _read_file(path) if path else {}
    try:
        settings = Settings(**values)
    except SettingsError as error:
        raise ConfigError(str(error), where="environment, a variable RUA_…") from None
    except ValidationError as error:
        # A missing key is most often a misspelt one: report that first.
        first = sorted(error.errors(), key=lambda each: each["type"] != "extra_forbidden")[0]
        raise explained(first, path, Settings) from None
    if settings.access is not None:
        check_groups(settings.access, settings.groups, str(path or "environment"))
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
        values["store"] = folder / Path(values["store"]).expanduser()
    _place(folder, values.get("access"), "client_secret_file", "cookie_secret_file")
    for box in values.get("mailbox", ()) if isinstance(values.get("mailbox"), list) else ():
        _place(folder, box, "ca_file", "password_file")
        if isinstance(box, dict):
            names = ("ca_file", "client_secret_file", "refresh_token_file", "token_cache")
            _place(folder, box.get("oauth2"), *names)
    return values


def _place(folder: Path, table: object, *keys: str) -> None:
    """Make paths in a table of the file relative to the file's folder."""
    for key in keys:
        if isinstance(table, dict) and isinstance(table.get(key), str):
            table[key] = folder / Path(table[key]).expanduser()
