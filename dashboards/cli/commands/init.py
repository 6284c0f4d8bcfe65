"""rua init: set up the mailbox and write rua.toml."""

import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from dashboards.cli.output import Globals
from dashboards.cli.prompts import Answers
from dashboards.cli.settings_writer import relative_to, settings_text, write_new
from dashboards.common.formatting import amount
from dashboards.common.stderr import say
from ingest.run.probe_mailbox import FolderSample, MailboxProbe, mailbox_of, refuse_own_folder
from schemas.config.settings import Mailbox
from schemas.domain_names import is_domain, normal_domain
from schemas.errors import (
    CertificateUntrusted,
    ConfigError,
    FolderMissing,
    LoginRefused,
    RuaError,
    SourceError,
)

__all__ = ["init"]

TRIES = 3
PASSWORD_NAME = "imap.password"  # noqa: S105  # the name of a file
NOTHING = "-"  # typed for "none", since an empty answer takes the default
HOSTS = {
    "fastmail.com": "imap.fastmail.com",
    "gmail.com": "imap.gmail.com",
    "gmx.de": "imap.gmx.net",
    "gmx.net": "imap.gmx.net",
    "googlemail.com": "imap.gmail.com",
    "hotmail.com": "outlook.office365.com",
    "icloud.com": "imap.mail.me.com",
    "live.com": "outlook.office365.com",
    "me.com": "imap.mail.me.com",
    "outlook.com": "outlook.office365.com",
    "yahoo.com": "imap.mail.yahoo.com",
}
SERVER_HINTS = {
    "imap.gmail.com": "Gmail accepts an app password or OAuth 2.0 (docs/oauth.md)",
    "outlook.office365.com": "Microsoft accepts OAuth 2.0 only: add the table [mailbox.oauth2] to "
    "rua.toml (docs/oauth.md)",
}
PORTS = {"tls": 993, "starttls": 143}
SERVER = ("host", "security", "port")


@click.command()
@click.option("--username", help="The user name at the IMAP server, usually the address.")
@click.option("--host", help="The IMAP server.")
@click.option("--security", type=click.Choice(list(PORTS)), help="TLS from the start, or STARTTLS.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port (993; 143 for STARTTLS).")
@click.option(
    "--ca-file", type=click.Path(path_type=Path), help="The certificate of a private CA, as PEM."
)
@click.option(
    "--password-file", type=click.Path(path_type=Path), help="A file that holds only the password."
)
@click.option("--password-env", metavar="NAME", help="An environment variable with the password.")
@click.option("--folder", help="The folder that receives the reports.")
@click.option("--processed", help='The folder for stored reports; "" only flags them.')
@click.option("--domain", "domains", multiple=True, help="A domain of yours; can be repeated.")
@click.option("--name", default="reports", show_default=True, help="Your name for the mailbox.")
@click.option("--yes", is_flag=True, help="Take every default without asking.")
@click.option("--force", is_flag=True, help="Replace existing files.")
@click.pass_obj
def init(context: Globals, /, yes: bool, force: bool, **given: Any) -> None:
    """Ask for the mailbox that receives reports, log in, and write rua.toml.

    \b
    rua init
    rua init --username dmarc@example.com --host imap.example.com --password-file pw --yes

    Nothing in the mailbox changes. A typed password goes into its own file that only you can read.
    For scripts, every question has a flag.
    """
    config = _config_path(context)
    if config.exists() and not force:
        raise ConfigError(
            "the settings file exists",
            where=str(config),
            todo="edit it, or use --force to replace it",
        )
    answers = Answers(given, is_terminal=sys.stdin.isatty(), take_defaults=yes)
    setup = _Setup(config, answers, force=force)
    with closing(setup.log_in()) as probe:
        sample = setup.find_folder(probe)
    setup.choose_processed()
    domains = setup.choose_domains([] if yes else sample.domains)
    setup.write(context.store_flag or config.with_name("rua.duckdb"), domains, sample.authserv_id)
    _say_next_steps(config, setup.mailbox())


def _config_path(context: Globals) -> Path:
    named = context.config or Path(os.environ.get("RUA_CONFIG") or "rua.toml")
    return Path(os.path.abspath(named))


class _Setup:
    """The answers so far, and the steps that complete the mailbox's settings."""

    def __init__(self, config: Path, answers: Answers, *, force: bool) -> None:
        self._config = config
        self._answers = answers
        self._force = force
        self._password_path = config.with_name(PASSWORD_NAME)

    def mailbox(self) -> Mailbox:
        """The mailbox of the answers. Raises ConfigError."""
        return mailbox_of(self._values(), self._answers.get("password"))

    def _values(self) -> dict[str, Any]:
        """The keys of the [[mailbox]] table; a typed password gets its file in `write`."""
        keys = ("name", *SERVER, "ca_file", "username", "password_file", "password_env")
        more = ("folder", "processed")
        values = {key: self._answers.get(key) for key in (*keys, *more)}
        values = {key: value for key, value in values.items() if value is not None}
        if self._answers.get("password") is not None:
            values["password_file"] = self._password_path
        return values

    def log_in(self) -> MailboxProbe:
        """Ask until the login succeeds, at most three times. Raises RuaError."""
        for left in reversed(range(TRIES)):
            self._ask_server()
            self._ask_password()
            mailbox = self.mailbox()
            say(f"connecting to {mailbox.host}:{mailbox.port} …")
            probe = MailboxProbe(mailbox)
            try:
                probe.login()
            except (SourceError, ConfigError) as error:
                self._ask_again(error, left)
            else:
                return probe
        raise AssertionError

    def _ask_again(self, error: RuaError, left: int) -> None:
        if not left or not self._answers.can_ask:
            raise error
        say(f"rua: {error}")
        if isinstance(error, ConfigError) and "ca_file" in error.where:
            self._ask_ca_file()
        elif isinstance(error, LoginRefused | ConfigError):
            self._answers.again("username")
            self._answers.forget("password", "password_file", "password_env")
        elif not (isinstance(error, CertificateUntrusted) and self._ask_ca_file()):
            self._answers.again(*SERVER)

    def _ask_ca_file(self) -> bool:
        question = f"File with the certificate of your private CA ({NOTHING} for none)"
        text = click.prompt(question, default=NOTHING, err=True)
        self._answers.put("ca_file", _path(text) if text != NOTHING else None)
        return bool(text != NOTHING)

    def _ask_server(self) -> None:
        ask = self._answers.ask
        domain = ask("username", "User name (usually the address)").rpartition("@")[2].lower()
        guess = HOSTS.get(domain, f"imap.{domain}") if is_domain(domain) else None
        host = ask("host", "IMAP server", guess)
        if host in SERVER_HINTS:
            say(SERVER_HINTS[host])
        security = ask("security", "Encryption", "tls", kind=click.Choice(list(PORTS)))
        ask("port", "Port", PORTS[security], kind=click.IntRange(1, 65535))

    def _ask_password(self) -> None:
        get, ask = self._answers.get, self._answers.ask
        if any(get(key) is not None for key in ("password", "password_file", "password_env")):
            return
        if not self._answers.can_ask:
            raise ConfigError(
                "no password",
                todo="give --password-file or --password-env, or run it on a terminal",
            )
        ways = click.Choice(["type", "file", "env"])
        question = "Password: type it, read it from a file, or from an environment variable"
        way = click.prompt(question, default="type", type=ways, err=True)
        if way == "file":
            ask("password_file", "File with the password", kind=_path)
        elif way == "env":
            ask("password_env", "Environment variable")
        elif self._password_path.exists() and not self._force:
            say(f"{self._password_path} exists: choose file and name it, or use --force")
            self._ask_password()
        else:
            ask("password", "Password (not shown)", hide=True)

    def find_folder(self, probe: MailboxProbe) -> FolderSample:
        """Ask until the folder exists, and say what it holds. Raises SourceError."""
        for left in reversed(range(TRIES)):
            folder = self._answers.ask("folder", "Folder that receives the reports", "INBOX")
            try:
                sample = probe.sample(folder)
            except FolderMissing as missing:
                if not left or not self._answers.can_ask:
                    raise
                say(f"rua: {missing}")
                self._answers.forget("folder")
            else:
                say(_description(folder, sample))
                return sample
        raise AssertionError

    def choose_processed(self) -> None:
        """Ask where stored reports go. Raises ConfigError for the folder they are read from."""
        while True:
            question = f"Folder to move stored reports to ({NOTHING} to flag them only)"
            if self._answers.ask("processed", question, "Processed") == NOTHING:
                self._answers.put("processed", "")
            try:
                return refuse_own_folder(self.mailbox())
            except ConfigError as error:
                if not self._answers.can_ask:
                    raise
                say(f"rua: {error}")
                self._answers.forget("processed")

    def choose_domains(self, found: Sequence[str]) -> list[str]:
        """Normalised names; an empty list means every domain with reports."""
        names = self._answers.get("domains")
        while not names:
            question = f"Your domains, separated by blanks ({NOTHING} for all with reports)"
            text = self._answers.ask("domain", question, " ".join(found) or NOTHING)
            if text == NOTHING:
                return []
            names = text.replace(",", " ").split()
            if _not_a_domain(names) and self._answers.can_ask:
                say(f"rua: {_not_a_domain(names)!r} is not a domain name")
                self._answers.again("domain")
                names = []
        if _not_a_domain(names):
            raise ConfigError(
                f"{_not_a_domain(names)!r} is not a domain name", todo="correct --domain"
            )
        return list(dict.fromkeys(filter(None, map(normal_domain, names))))

    def write(self, store: Path, domains: Sequence[str], authserv_id: str | None) -> None:
        """Write the password first: rua.toml must not name a file that does not exist."""
        folder, values = self._config.parent, self._values()
        for key in ("ca_file", "password_file"):
            if key in values:
                values[key] = relative_to(folder, values[key])
        store = relative_to(folder, store)
        text = settings_text(store, values, domains, authserv_id)
        typed = self._answers.get("password")
        if typed is not None:
            write_new(self._password_path, f"{typed}\n", mode=0o600, force=self._force)
        try:
            write_new(self._config, text, force=self._force)
        except ConfigError:
            if typed is not None and not self._force:
                self._password_path.unlink(missing_ok=True)
            raise
        if typed is not None:
            say(f"wrote {self._password_path} (mode 600)")
        say(f"wrote {self._config}")


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _not_a_domain(names: Sequence[str]) -> str | None:
    return next((name for name in names if not is_domain(normal_domain(name) or "")), None)


def _description(folder: str, sample: FolderSample) -> str:
    if not sample.mails:
        return f"{folder} is empty"
    verb = "looks like a report" if sample.reports == 1 else "look like reports"
    mails = amount(sample.mails, "mail")
    return f"{folder} holds {mails}; of the newest {sample.sampled}, {sample.reports} {verb}"


def _say_next_steps(config: Path, mailbox: Mailbox) -> None:
    path = mailbox.password_file
    if path is not None and path.exists() and path.stat().st_mode & 0o077:
        say(f"others can read {path}: chmod 600 {shlex.quote(str(path))}")
    # rua finds the file without --config only if it is called rua.toml.
    flag = "" if config.name == "rua.toml" else f" --config {shlex.quote(config.name)}"
    here = "" if config.parent == Path.cwd() else f"cd {shlex.quote(str(config.parent))} && "
    say(f"next:  {here}rua{flag} ingest")
    program = Path(os.path.abspath(sys.argv[0]))
    command = str(program) if program.name == "rua" and program.is_file() else "rua"
    line = f"cd {shlex.quote(str(config.parent))} && {shlex.quote(command)}{flag} ingest"
    escaped = line.replace("%", r"\%")  # crontab(5): an unescaped % ends the command
    say(f"cron:  */15 * * * *  {escaped} >/dev/null")
    if mailbox.password_env is not None:
        say(f"cron needs the variable {mailbox.password_env} as well")
