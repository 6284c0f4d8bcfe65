"""A real IMAP server for tests: the system's Dovecot, wholly inside a temporary folder.

One server per test session (and per pytest-xdist worker), on free loopback ports; a fresh
user with an empty mailbox per test. Nothing of the system's Dovecot is read or touched.

    127.0.0.1, localhost   TLS on `tls_port`, STARTTLS required on `starttls_port`
    127.0.0.2              the same: a client that is not the server's own address, so that
                           Dovecot's exception for local plaintext logins does not apply
    127.0.0.3              offers no encryption at all (on `starttls_port`)
    127.0.0.4              TLS, but its certificate is for the other addresses
"""

import grp
import imaplib
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers.certificates import Certificates, make_certificates

__all__ = ["Dovecot", "User", "dovecot", "imap_user"]

ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
PLAINTEXT_ONLY, WRONG_NAME = "127.0.0.3", "127.0.0.4"
START_SECONDS = 10  # it takes 0.2; a loaded CI machine may need more

CONFIG = """
base_dir = {root}/run
state_dir = {root}/state
instance_name = {root}
log_path = {root}/dovecot.log
protocols = imap
listen = {listen}
ssl = required
ssl_cert = <{certificates.server}
ssl_key = <{certificates.key}
ssl_min_protocol = TLSv1.2
local 127.0.0.3 {{
  ssl = no
  disable_plaintext_auth = no
}}
auth_mechanisms = plain login{mechanisms}
auth_failure_delay = 0
auth_cache_size = 0
default_login_user = {account}
default_internal_user = {account}
default_internal_group = {group}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_max_userip_connections = 0
maildir_stat_dirs = no
namespace inbox {{
  inbox = yes
}}
{token_passdb}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {root}/users/%u
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {root}/users/%u
}}
service auth {{
  client_limit = 2000
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {starttls_port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service imap {{
  service_count = 100
}}
service stats {{
  chroot =
}}
"""


@dataclass
class User:
    """A mailbox of its own on the running server. Folder names as the client gives them."""

    server: "Dovecot"
    name: str
    password: str
    password_file: Path
    home: Path
    prefix: str = ""
    _sequence: Iterator[int] = field(default_factory=count)

    def settings(self, **changes: Any) -> dict[str, Any]:
        """The keys of this user's [[mailbox]] table; `changes` are laid over them."""
        table = {
            "name": "reports",
            "host": "localhost",
            "port": self.server.tls_port,
            "security": "tls",
            "ca_file": str(self.server.certificates.ca),
            "username": self.name,
            "password_file": str(self.password_file),
            "timeout": 20,
        }
        if changes.get("security") == "starttls":
            table["port"] = self.server.starttls_port
        return {**table, **changes}

    def toml(self, **changes: Any) -> str:
        """The same as text for rua.toml; a change to None leaves the key out."""
        table = self.settings(**changes)
        lines = (
            f"{key} = {json.dumps(value)}" for key, value in table.items() if value is not None
        )
        return "\n".join(("[[mailbox]]", *lines, ""))

    def deliver(
        self, mails: Iterable[bytes], folder: str = "INBOX", received: datetime | None = None
    ) -> None:
        """Put raw mails into `folder`, oldest first; thousands a second, no \\Seen."""
        maildir = self._maildir(folder)
        for kind in ("cur", "new", "tmp"):
            (maildir / kind).mkdir(parents=True, exist_ok=True)
        for raw in mails:
            number = next(self._sequence)
            # Dovecot gives UIDs in the order of the time in the name, then of its file name.
            path = maildir / "new" / f"{1_700_000_000 + number}.M{number}P1.example"
            path.write_bytes(raw)
            if received is not None:
                os.utime(path, (received.timestamp(), received.timestamp()))
        self.server.own(self.home / "Maildir")

    def _maildir(self, folder: str) -> Path:
        inner = folder.removeprefix(self.prefix)
        root = self.home / "Maildir"
        return root if folder == "INBOX" else root / f".{inner}"

    @contextmanager
    def session(self, folder: str | None = None) -> Iterator[imaplib.IMAP4_SSL]:
        """A second client, on the standard library alone."""
        context = ssl.create_default_context(cafile=str(self.server.certificates.ca))
        with imaplib.IMAP4_SSL("127.0.0.1", self.server.tls_port, ssl_context=context) as client:
            client.login(self.name, self.password)
            if folder is not None:
                checked(client.select(f'"{folder}"'))
            yield client

    def folders(self, *, subscribed: bool = False) -> list[str]:
        with self.session() as client:
            answer: tuple[str, list[Any]] = client.lsub() if subscribed else client.list()
            lines = checked(answer)
        names = [line.decode().rsplit(" ", 1)[1].strip('"') for line in lines if line]
        return sorted(names)

    def flags(self, folder: str = "INBOX") -> dict[int, frozenset[str]]:
        """{UID: flags} of every mail in `folder`, without \\Recent."""
        with self.session(folder) as client:
            lines = checked(client.uid("FETCH", "1:*", "(UID FLAGS)"))
        found = {}
        for line in filter(None, lines):
            match = re.search(rb"UID (\d+)", line)
            words = re.search(rb"FLAGS \(([^)]*)\)", line)
            assert match, line
            assert words, line
            found[int(match[1])] = frozenset(words[1].decode().split()) - {"\\Recent"}
        return found

    def uids(self, folder: str = "INBOX") -> list[int]:
        return sorted(self.flags(folder))

    def count(self, folder: str = "INBOX") -> int:
        return len(self.flags(folder))

    def uidvalidity(self, folder: str = "INBOX") -> int:
        with self.session(folder) as client:
            value = client.response("UIDVALIDITY")[1][0]
        assert isinstance(value, bytes)
        return int(value)

    def expunge(self, uids: Iterable[int], folder: str = "INBOX") -> None:
        with self.session(folder) as client:
            checked(client.uid("STORE", _set(uids), "+FLAGS", r"(\Deleted)"))
            checked(client.expunge())

    def recreate(self, folder: str) -> None:
        """Delete the folder and make it again: its UIDVALIDITY changes."""
        with self.session() as client:
            checked(client.delete(f'"{folder}"'))
            checked(client.create(f'"{folder}"'))

    def kick(self) -> None:
        """The server ends every connection of this user."""
        self.server.doveadm("kick", self.name)


def _set(uids: Iterable[int]) -> str:
    return ",".join(str(uid) for uid in uids)


def checked(answer: tuple[str, list[Any]]) -> list[bytes]:
    assert answer[0] == "OK", answer
    return [line for line in answer[1] if isinstance(line, bytes)]


class Dovecot:
    """start() … stop(); everything it writes is in `root`, which stop() removes."""

    mechanisms = token_passdb = ""  # a server that takes tokens has more

    def __init__(self) -> None:
        # Not pytest's folder: that is closed to the account below, and too long for a socket.
        self.root = Path(tempfile.mkdtemp(prefix="rua-dovecot-", dir="/tmp"))
        # Dovecot refuses to serve mail as root.
        name = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.account = pwd.getpwnam(name)
        self.certificates: Certificates = make_certificates(
            self.root, ("localhost", "127.0.0.1", "127.0.0.2", "127.0.0.3")
        )
        self.tls_port = self.starttls_port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        for _ in range(3):  # another process may take a free port before Dovecot does
            self.tls_port, self.starttls_port = _free_ports(2)
            if self._try_start():
                return
        self.stop()
        pytest.fail(f"dovecot does not start:\n{self.log()}")

    def _try_start(self) -> bool:
        self.write_config()
        (self.root / "users").mkdir(exist_ok=True)
        self.own(self.root)
        self.run()
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                return False
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.starttls_port), 1):
                return True
            time.sleep(0.02)
        self.halt()
        return False

    def write_config(self) -> None:
        text = CONFIG.format(
            root=self.root,
            listen=", ".join(ADDRESSES),
            certificates=self.certificates,
            account=self.account.pw_name,
            group=grp.getgrgid(self.account.pw_gid).gr_name,
            tls_port=self.tls_port,
            starttls_port=self.starttls_port,
            mechanisms=self.mechanisms,
            token_passdb=self.token_passdb,
        )
        (self.root / "dovecot.conf").write_text(text)

    def run(self) -> None:
        """Start the process on the ports it already has."""
        drop: dict[str, Any] = {}
        if os.geteuid() == 0:
            drop = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        with (self.root / "start.log").open("ab") as output:
            self._process = subprocess.Popen(
                [_program(), "-F", "-c", str(self.root / "dovecot.conf")],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.root,
                start_new_session=True,
                **drop,
            )

    def halt(self) -> None:
        """Stop the process; the mail stays, and run() continues on the same ports."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its own session: only its children
        process.wait()

    def restart(self) -> None:
        self.halt()
        if not self._try_start():
            pytest.fail(f"dovecot does not start again:\n{self.log()}")

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self.root, ignore_errors=True)

    def log(self) -> str:
        files = (self.root / "start.log", self.root / "dovecot.log")
        return "\n".join(path.read_text(errors="replace") for path in files if path.exists())

    def own(self, folder: Path) -> None:
        """Give what the tests wrote to the account that serves it."""
        if os.geteuid() != 0:
            return
        for path in (folder, *folder.rglob("*")):
            if path.lstat().st_uid == 0:
                os.chown(path, self.account.pw_uid, self.account.pw_gid, follow_symlinks=False)

    def doveadm(self, *words: str) -> str:
        command = ["doveadm", "-c", str(self.root / "dovecot.conf"), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        return done.stdout + done.stderr

    def user(self, *, password: str | None = None, prefix: str = "") -> User:
        """A new user with an empty INBOX; `prefix` is the server's personal namespace."""
        name = f"u{secrets.token_hex(6)}@example.com"
        password = password or f"pass-{secrets.token_hex(8)}"
        home = self.root / "mail" / name
        home.mkdir(parents=True)
        self.own(self.root / "mail")
        extra = f"userdb_namespace/inbox/prefix={prefix}" if prefix else ""
        line = f"{name}:{password}:{self.account.pw_uid}:{self.account.pw_gid}::{home}::{extra}\n"
        # One file a user: Dovecot looks for changes of a file once a second at most.
        (self.root / "users" / name).write_text(line, encoding="utf-8")
        self.own(self.root / "users")
        password_file = home / "imap.password"
        password_file.touch(mode=0o600)
        password_file.write_text(f"{password}\n", encoding="utf-8")
        return User(self, name, password, password_file, home, prefix)


def _program() -> str:
    return shutil.which("dovecot") or "/usr/sbin/dovecot"


def _free_ports(number: int) -> list[int]:
    with_port = [socket.socket() for _ in range(number)]
    try:
        for one in with_port:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in with_port]
    finally:
        for one in with_port:
            one.close()


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    if not Path(_program()).exists():
        reason = "no dovecot: install the package dovecot-imapd (sh deploy/system-packages.sh)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    server = Dovecot()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def imap_user(dovecot: Dovecot) -> User:
    return dovecot.user()
