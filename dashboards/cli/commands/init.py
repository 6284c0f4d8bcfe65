"""rua init"""

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
NOTHING = "-"  # what is typed for "none": an empty answer takes the default
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
HINTS = {
    "imap.gmail.com": "Gmail takes an app password, or OAuth 2.0 (docs/oauth.md)",
    "outlook.office365.com": "Microsoft takes no passwords: write the table [mailbox.oauth2] by "
    "hand (docs/oauth.md)",
}
PORTS = {"tls": 993, "starttls": 143}
SERVER = ("host", "security", "port")


@click.command()
@click.option("--username", help="The user name at the IMAP server, mostly the address.")
@click.option("--host", help="The IMAP server.")
@click.option("--security", type=click.Choice(list(PORTS)), help="TLS at once, or STARTTLS.")
@click.option("--port", type=click.IntRange(1, 65535), help="993, or 143 for STARTTLS.")
@click.option(
    "--ca-file", type=click.Path(path_type=Path), help="Certificate of a private CA, as PEM."
)
@click.option(
    "--password-file", type=click.Path(path_type=Path), help="A file with the password alone."
)
@click.option("--password-env", metavar="NAME", help="An environment variable that holds it.")
@click.option("--folder", help="The folder that receives the reports.")
@click.option("--processed", help='Where they are moved to; "" only flags them.')
@click.option("--domain", "domains", multiple=True, help="A domain to watch; can be repeated.")
@click.option("--name", default="reports", show_default=True, help="Your name for the mailbox.")
@click.option("--yes", is_flag=True, help="Ask nothing that has a default: take that.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.pass_obj
def init(context: Globals, /, yes: bool, force: bool, **given: Any) -> None:
    """Ask for the mailbox that receives reports, try it, and write rua.toml.

    Nothing in the mailbox is changed. A password that is typed goes into a file of its own that
    only this user can read. For scripts, every question has a flag.

    \b
    rua init
    rua init --username dmarc@example.com --host imap.example.com --password-file pw --yes
    """
    config = _config_path(context)
    if config.exists() and not force:
        raise ConfigError(
            "there is a settings file already",
            where=str(config),
            todo="change it with an editor, or give --force to replace it",
        )
    answers = Answers(given, is_terminal=sys.stdin.isatty(), take_defaults=yes)
    setup = _Setup(config, answers, force=force)
    with closing(setup.log_in()) as trial:
        look = setup.find_folder(trial)
    setup.choose_processed()
    domains = setup.choose_domains([] if yes else look.domains)
    setup.write(context.store_flag or config.with_name("rua.duckdb"), domains, look.authserv_id)
    _say_what_is_next(config, setup.mailbox())


def _config_path(context: Globals) -> Path:
    named = context.config or Path(os.environ.get("RUA_CONFIG") or "rua.toml")
    return Path(os.path.abspath(named))


class _Setup:
    """The mailbox as far as it is known, and the steps that make it complete."""

    def __init__(self, config: Path, answers: Answers, *, force: bool) -> None:
        self._config = config
        self._answers = answers
        self._force = force
        self._password_path = config.with_name(PASSWORD_NAME)

    def mailbox(self) -> Mailbox:
        """Raises ConfigError."""
        return mailbox_of(self._values(), self._answers.get("password"))

    def _values(self) -> dict[str, Any]:
        """The keys of the [[mailbox]] table; a typed password is only going to have a file."""
        keys = ("name", *SERVER, "ca_file", "username", "password_file", "password_env")
        more = ("folder", "processed")
        values = {key: self._answers.get(key) for key in (*keys, *more)}
        values = {key: value for key, value in values.items() if value is not None}
        if self._answers.get("password") is not None:
            values["password_file"] = self._password_path
        return values

    def log_in(self) -> MailboxProbe:
        """Ask until the server lets us in, at most three times. Raises RuaError."""
        for left in reversed(range(TRIES)):
            self._ask_server()
            self._ask_password()
            mailbox = self.mailbox()
            say(f"trying {mailbox.host}:{mailbox.port} …")
            trial = MailboxProbe(mailbox)
            try:
                trial.login()
            except (SourceError, ConfigError) as error:
                self._ask_again(error, left)
            else:
                return trial
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
        question = f"File with the certificate of a private CA ({NOTHING} for none)"
        text = click.prompt(question, default=NOTHING, err=True)
        self._answers.put("ca_file", _path(text) if text != NOTHING else None)
        return bool(text != NOTHING)

    def _ask_server(self) -> None:
        ask = self._answers.ask
        domain = ask("username", "User name (mostly the address)").rpartition("@")[2].lower()
        guess = HOSTS.get(domain, f"imap.{domain}") if is_domain(domain) else None
        host = ask("host", "IMAP server", guess)
        if host in HINTS:
            say(HINTS[host])
        security = ask("security", "Encryption", "tls", kind=click.Choice(list(PORTS)))
        ask("port", "Port", PORTS[security], kind=click.IntRange(1, 65535))

    def _ask_password(self) -> None:
        get, ask = self._answers.get, self._answers.ask
        if any(get(key) is not None for key in ("password", "password_file", "password_env")):
            return
        if not self._answers.can_ask:
            raise ConfigError(
                "no answer to: where is the password",
                todo="give --password-file or --password-env, or use a terminal",
            )
        ways = click.Choice(["type", "file", "env"])
        question = "Password: type it now, name a file that holds it, or an environment variable"
        way = click.prompt(question, default="type", type=ways, err=True)
        if way == "file":
            ask("password_file", "File with the password", kind=_path)
        elif way == "env":
            ask("password_env", "Environment variable")
        elif self._password_path.exists() and not self._force:
            say(f"{self._password_path} is there already: name it as the file, or give --force")
            self._ask_password()
        else:
            ask("password", "Password (not shown)", hide=True)

    def find_folder(self, trial: MailboxProbe) -> FolderSample:
        """Ask until there is such a folder, and say what is in it. Raises SourceError."""
        for left in reversed(range(TRIES)):
            folder = self._answers.ask("folder", "Folder that receives the reports", "INBOX")
            try:
                look = trial.sample(folder)
            except FolderMissing as missing:
                if not left or not self._answers.can_ask:
                    raise
                say(f"rua: {missing}")
                self._answers.forget("folder")
            else:
                say(_described(folder, look))
                return look
        raise AssertionError

    def choose_processed(self) -> None:
        """Raises ConfigError where it is the folder that is read."""
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
        """Normalised names; none stands for every domain that has reports."""
        names = self._answers.get("domains")
        while not names:
            question = f"Domains to watch, blanks between ({NOTHING} for all that have reports)"
            text = self._answers.ask("domain", question, " ".join(found) or NOTHING)
            if text == NOTHING:
                return []
            names = text.replace(",", " ").split()
            if _wrong(names) and self._answers.can_ask:
                say(f"rua: {_wrong(names)} is no domain name")
                self._answers.again("domain")
                names = []
        if _wrong(names):
            raise ConfigError(f"{_wrong(names)} is no domain name", todo="check --domain")
        return list(dict.fromkeys(filter(None, map(normal_domain, names))))

    def write(self, store: Path, domains: Sequence[str], authserv_id: str | None) -> None:
        """The password's file first: without it rua.toml would name one that is not there."""
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


def _wrong(names: Sequence[str]) -> str | None:
    return next((name for name in names if not is_domain(normal_domain(name) or "")), None)


def _described(folder: str, look: FolderSample) -> str:
    if not look.mails:
        return f"{folder} is empty"
    share = f"{look.reports} look like reports" if look.reports else "none looks like a report"
    return f"{folder} holds {look.mails} mails; of the newest {look.sampled}, {share}"


def _say_what_is_next(config: Path, mailbox: Mailbox) -> None:
    path = mailbox.password_file
    if path is not None and path.exists() and path.stat().st_mode & 0o077:
        say(f"{path} can be read by others: chmod 600 {shlex.quote(str(path))}")
    # Where rua finds the file by itself only if it is called rua.toml.
    flag = "" if config.name == "rua.toml" else f" --config {shlex.quote(config.name)}"
    here = "" if config.parent == Path.cwd() else f"cd {shlex.quote(str(config.parent))} && "
    say(f"next:  {here}rua{flag} ingest")
    program = Path(os.path.abspath(sys.argv[0]))
    command = str(program) if program.name == "rua" and program.is_file() else "rua"
    line = f"cd {shlex.quote(str(config.parent))} && {shlex.quote(command)}{flag} ingest"
    escaped = line.replace("%", r"\%")  # crontab(5): a bare one ends the command
    say(f"cron:  */15 * * * *  {escaped} >/dev/null")
    if mailbox.password_env is not None:
        say(f"cron needs the variable {mailbox.password_env}, too")
