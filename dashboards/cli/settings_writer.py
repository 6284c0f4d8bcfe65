"""Writes a new rua.toml, and the password file beside it."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas.errors import ConfigError

__all__ = ["relative_to", "settings_text", "toml", "write_new"]

HEAD = """\
# Settings of rua, described in docs/settings.md. Paths are relative to this file.
store = {store}

[[mailbox]]
name = {name}
host = {host}
port = {port}
security = {security:<22} # or "starttls", usually on port 143
{ca_file:<33} # only for a private CA
username = {username}
{secret}
# For OAuth 2.0 in place of a password: a table [mailbox.oauth2] (docs/oauth.md).
folder = {folder}
processed = {processed:<21} # mails are moved there after they are stored; "" only flags them
# authserv_id = {authserv_id:<17} # the server whose Authentication-Results is trusted{guess}
# batch = 200                     # mails fetched at once
# timeout = 60                    # seconds to wait for the server
"""
DOMAIN = """
[domains.{name}]
# goal = "reject"                 # the strictest policy to advise; or "quarantine"
# parked = false                  # true: the domain sends no mail
# group = "client-a"              # a client or team; its domains are reported together
"""
NO_DOMAIN = """
# Without domains, every domain with reports counts as yours. With domains, reports about others
# are stored and shown separately: anyone can mail a report about any domain.
# [domains."example.com"]
# goal = "reject"
"""


def settings_text(
    store: Path, mailbox: Mapping[str, Any], domains: Sequence[str], authserv_id: str | None
) -> str:
    """The whole file. `mailbox` holds the keys of its table; `authserv_id` is a guess."""
    ca_file, secret = mailbox.get("ca_file"), "password_file"
    if mailbox.get(secret) is None:
        secret = "password_env"  # noqa: S105  # the name of a key
    head = HEAD.format(
        store=toml(store),
        **{key: toml(mailbox[key]) for key in ("name", "host", "security", "username")},
        **{key: toml(mailbox[key]) for key in ("folder", "processed")},
        port=mailbox["port"],
        ca_file=f"ca_file = {toml(ca_file)}" if ca_file is not None else '# ca_file = "ca.pem"',
        secret=f"{secret} = {toml(mailbox[secret])}",
        authserv_id=toml(authserv_id or "mx.example.com"),
        guess=": is that your server?" if authserv_id else "",
    )
    tables = "".join(DOMAIN.format(name=toml(name)) for name in domains)
    return head + (tables or NO_DOMAIN)


def toml(value: str | Path) -> str:
    """A basic string of TOML 1.0. Raises ConfigError for text that is not Unicode."""
    text = str(value)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ConfigError(f"{text!r} is not UTF-8 text", todo="use another name") from None
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in ('"', "\\"):
        return "\\" + character
    # TOML 1.0 forbids only controls; other invisible characters are escaped to be seen.
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def relative_to(folder: Path, path: Path) -> Path:
    """`path` relative to `folder` if it lies within, else absolute."""
    whole = Path(os.path.abspath(path))
    return whole.relative_to(folder) if whole.is_relative_to(folder) else whole


def write_new(path: Path, text: str, *, mode: int = 0o666, force: bool = False) -> None:
    """Write a file with `mode` from the first byte on; replace one only with `force`."""
    place = path.with_name(f".{path.name}.new") if force else path
    try:
        if force:
            place.unlink(missing_ok=True)
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise _config_error(error, path) from None
    try:
        with open(descriptor, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        if force:
            place.replace(path)
    except OSError as error:
        place.unlink(missing_ok=True)
        raise _config_error(error, path) from None


def _config_error(error: OSError, path: Path) -> ConfigError:
    if isinstance(error, FileExistsError):
        what, todo = "there is a file of that name", "use --force to replace it"
    else:
        what, todo = f"cannot be written: {error.strerror}", "check the folder and its permissions"
    return ConfigError(what, where=str(path), todo=todo)
