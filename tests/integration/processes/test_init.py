"""`rua init`, at a terminal and in scripts, with a real IMAP server."""

import os
import re
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.cli.settings_writer import settings_text, toml, write_new
from schemas.config.settings import load_settings
from schemas.errors import ConfigError
from tests.conftest import RUA, Rua, clean_environment
from tests.support.mails.mails import (
    make_newsletter,
    make_ordinary_mail,
    make_report_mail,
    make_tls_mail,
)
from tests.support.screens.terminal import Terminal
from tests.support.servers.dovecot import WRONG_NAME, Dovecot, User


def server(user: User) -> Sequence[str | Path]:
    """The flags without which no test can reach its server."""
    return ("--port", str(user.server.tls_port), "--ca-file", user.server.certificates.ca)


def flags(user: User) -> Sequence[str | Path]:
    """Everything that has no default."""
    login = ("--username", user.name, "--password-file", user.password_file)
    return ("--host", "localhost", *server(user), *login)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def reports(imap_user: User) -> User:
    """A user with reports, other mail, and another folder."""
    signed = b"Authentication-Results: mx.example.com; dkim=pass\r\n"
    letters = [make_report_mail(n) for n in range(8)] + [make_tls_mail(9), make_newsletter(1)]
    imap_user.deliver([make_ordinary_mail(n).raw for n in range(60)])
    imap_user.deliver([signed + letter.raw for letter in letters])
    imap_user.deliver([make_report_mail(50).raw], folder="Reports")
    return imap_user


def test_at_a_terminal_it_asks_tries_and_writes(tmp_path: Path, reports: User) -> None:
    at = Terminal(tmp_path, "init", *server(reports))
    at.answer(
        ("User name (usually the address): ", reports.name),
        ("IMAP server [imap.example.com]: ", "localhost"),
        ("Encryption (tls, starttls) [tls]: ", ""),
        ("environment variable (type, file, env) [type]: ", ""),
        ("Password (not shown): ", reports.password),
        ("Folder that receives the reports [INBOX]: ", ""),
    )
    at.expect("INBOX holds 70 mails; of the newest 50, 9 look like reports\n")
    at.answer(
        ("(- to flag them only) [Processed]: ", ""),
        ("(- for all with reports) [example.com]: ", "Example.COM, bücher.example"),
    )
    assert at.end() == 0
    assert reports.password not in at.seen
    config = tmp_path / "rua.toml"
    settings = load_settings(config, store=None, lock_timeout=None)
    (box,) = settings.mailbox
    assert (box.host, box.port, box.security) == ("localhost", reports.server.tls_port, "tls")
    assert (box.folder, box.processed, box.name) == ("INBOX", "Processed", "reports")
    assert box.password().get_secret_value() == reports.password
    assert list(settings.domains) == ["example.com", "xn--bcher-kva.example"]
    assert mode(tmp_path / "imap.password") == 0o600
    text = config.read_text()
    assert reports.password not in text
    assert 'password_file = "imap.password"' in text
    assert '# authserv_id = "mx.example.com"' in text
    assert "docs/oauth.md" in text
    assert f"cron:  */15 * * * *  cd {tmp_path} && {RUA} ingest >/dev/null" in at.seen
    assert "next:  rua ingest\n" in at.seen


def test_looking_changes_nothing_in_the_mailbox(tmp_path: Path, reports: User) -> None:
    folders = reports.folders()
    assert Rua(tmp_path)("init", *flags(reports), "--yes").returncode == 0
    with reports.session() as client:
        assert client.status("INBOX", "(RECENT)")[1] == [b"INBOX (RECENT 70)"]
    assert set(reports.flags().values()) == {frozenset()}
    assert reports.folders() == folders


def test_what_it_writes_is_what_ingest_needs(rua: Rua, reports: User) -> None:
    done = rua("init", *flags(reports), "--folder", "Reports", "--processed", "Done", "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "Reports holds 1 mail; of the newest 1, 1 looks like a report" in done.stderr
    assert rua.json("ingest")["stored"] == 1
    assert reports.count("Done") == 1
    assert (rua.folder / "rua.duckdb").exists()


def test_a_refused_login_is_asked_for_again(tmp_path: Path, imap_user: User) -> None:
    words = ("--username", imap_user.name, "--host", "localhost", "--yes")
    at = Terminal(tmp_path, "init", *server(imap_user), *words)
    at.answer(("[type]: ", ""), ("Password (not shown): ", "wrong"))
    at.expect("was refused")
    at.answer(("[type]: ", ""), ("Password (not shown): ", imap_user.password))
    assert at.end() == 0
    assert "INBOX is empty" in at.seen
    password = (tmp_path / "imap.password").read_text()
    assert password == f"{imap_user.password}\n"


def test_three_refused_logins_end_it_with_3_and_nothing_written(
    tmp_path: Path, imap_user: User
) -> None:
    at = Terminal(tmp_path, "init", *server(imap_user), "--host", "localhost")
    for offered in ("", f" [{imap_user.name}]", f" [{imap_user.name}]"):
        at.answer((f"(usually the address){offered}: ", imap_user.name if not offered else ""))
        if not offered:
            at.answer(("[tls]: ", ""))
        at.answer(("[type]: ", ""), ("Password (not shown): ", "wrong"))
    assert at.end() == 3
    assert at.seen.count("was refused") == 3
    assert "wrong\n" not in at.seen
    assert "Traceback" not in at.seen
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_answer_is_asked_for_again(tmp_path: Path, imap_user: User) -> None:
    login = ("--username", imap_user.name, "--password-file", imap_user.password_file)
    ca = ("--ca-file", imap_user.server.certificates.ca)
    at = Terminal(tmp_path, "init", *login, *ca, "--host", "localhost", "--port", "1")
    at.answer(("[tls]: ", ""))
    at.expect("refused")
    at.answer(
        ("IMAP server [localhost]: ", ""),
        ("[tls]: ", ""),
        ("Port [1]: ", str(imap_user.server.tls_port)),
        ("[INBOX]: ", ""),
        ("[Processed]: ", "-"),
        ("[-]: ", ""),
    )
    assert at.end() == 0
    (box,) = load_settings(tmp_path / "rua.toml", store=None, lock_timeout=None).mailbox
    assert (box.port, box.processed) == (imap_user.server.tls_port, "")


def test_an_unknown_ca_is_asked_for(tmp_path: Path, imap_user: User) -> None:
    ca = tmp_path / "private ca.pem"
    ca.write_bytes(imap_user.server.certificates.ca.read_bytes())
    login = ("--username", imap_user.name, "--password-file", imap_user.password_file)
    port = ("--port", str(imap_user.server.tls_port), "--host", "localhost")
    at = Terminal(tmp_path, "init", *login, *port, "--security", "tls")
    at.expect("certificate is not trusted")
    at.answer(("(- for none) [-]: ", "none.pem"))
    at.expect("none.pem cannot be read")
    at.answer(
        ("(- for none) [-]: ", "private ca.pem"),
        ("[INBOX]: ", ""),
        ("[Processed]: ", ""),
        ("[-]: ", ""),
    )
    assert at.end() == 0
    assert 'ca_file = "private ca.pem"' in (tmp_path / "rua.toml").read_text()


def test_a_missing_folder_is_asked_for_again_with_those_there_are(
    tmp_path: Path, reports: User
) -> None:
    at = Terminal(tmp_path, "init", *flags(reports), "--security", "tls", "--folder", "Nope")
    at.expect('there is no folder "Nope"')
    at.expect("INBOX, Reports")
    at.answer(
        ("[INBOX]: ", "Reports"),
        ("[Processed]: ", "Reports"),
    )
    at.expect("processed is the folder that is read")
    at.answer(("[Processed]: ", "Done"), ("[example.com]: ", "no domain"))
    at.expect("'no' is not a domain name")
    at.answer(("[no domain]: ", "-"))
    assert at.end() == 0
    settings = load_settings(tmp_path / "rua.toml", store=None, lock_timeout=None)
    assert (settings.mailbox[0].folder, settings.mailbox[0].processed) == ("Reports", "Done")
    assert settings.domains == {}


def test_a_password_from_the_environment_stays_there(tmp_path: Path, imap_user: User) -> None:
    words = ("--host", "localhost", *server(imap_user), "--username", imap_user.name)
    at = Terminal(tmp_path, "init", *words, "--yes", SECRET=imap_user.password)
    at.answer(("[type]: ", "env"), ("Environment variable: ", "SECRET"))
    assert at.end() == 0
    assert 'password_env = "SECRET"' in (tmp_path / "rua.toml").read_text()
    assert "cron needs the variable SECRET" in at.seen
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rua.toml"]


def test_a_password_file_that_is_there_is_kept(tmp_path: Path, imap_user: User) -> None:
    (tmp_path / "imap.password").write_text(imap_user.password)
    (tmp_path / "imap.password").chmod(0o644)
    words = ("--host", "localhost", *server(imap_user), "--username", imap_user.name)
    at = Terminal(tmp_path, "init", *words, "--yes")
    at.answer(("[type]: ", "type"))
    at.expect("imap.password exists")
    at.answer(("[type]: ", "file"), ("File with the password: ", "imap.password"))
    assert at.end() == 0
    assert 'password_file = "imap.password"' in (tmp_path / "rua.toml").read_text()
    assert "chmod 600" in at.seen
    assert (tmp_path / "imap.password").read_text() == imap_user.password


def test_interrupted_it_writes_nothing(tmp_path: Path) -> None:
    at = Terminal(tmp_path, "init")
    at.answer(("(usually the address): ", "someone@example.com"))
    at.expect("[imap.example.com]: ")
    at.press("C")
    assert at.end() == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "guess"),
    [
        ("someone@gmail.com", "imap.gmail.com"),
        ("someone@Outlook.com", "outlook.office365.com"),
        ("someone@example.org", "imap.example.org"),
        ("someone", None),
    ],
)
def test_the_server_is_guessed_from_the_address(
    tmp_path: Path, address: str, guess: str | None
) -> None:
    at = Terminal(tmp_path, "init")
    at.answer(("(usually the address): ", address))
    at.expect(f"IMAP server [{guess}]: " if guess else "IMAP server: ")
    at.press("D")
    assert at.end() == 130


@pytest.mark.parametrize(
    ("left_out", "flag"),
    [
        ("--username", "--username"),
        ("--password-file", "--password-file"),
        ("--yes", "--security"),
        ("--host", None),
    ],
)
def test_without_a_terminal_a_missing_answer_names_its_flag(
    rua: Rua, imap_user: User, left_out: str, flag: str | None
) -> None:
    words = [*flags(imap_user), "--yes"]
    place = words.index(left_out)
    del words[place : place + (1 if left_out == "--yes" else 2)]
    done = rua("init", *words)
    if flag is None:  # the guess is taken, and is wrong
        assert done.returncode == 3
        assert "imap.example.com" in done.stderr
    else:
        assert done.returncode == 2
        assert flag in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert list(rua.folder.glob("rua.toml")) == []


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--folder", "Nope"), 3, 'no folder "Nope"'),
        (("--processed", "inbox"), 2, "processed is the folder that is read"),
        (("--domain", "no domain"), 2, "'no domain' is not a domain name"),
        (("--host", WRONG_NAME), 3, "set host to the name"),
        (("--ca-file", "none.pem"), 2, "none.pem"),
        (("--password-file", "none"), 2, "none"),
        (("--name", "x" * 65), 2, "name"),
        (("--port", "0"), 2, "--port"),
    ],
)
def test_a_script_is_told_in_one_line_what_is_wrong(
    rua: Rua, imap_user: User, words: Sequence[str], code: int, says: str
) -> None:
    done = rua("init", *flags(imap_user), "--yes", *words)
    assert done.returncode == code
    assert says in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (rua.folder / "rua.toml").exists()


def test_a_settings_file_is_replaced_only_by_force(rua: Rua, imap_user: User) -> None:
    config = rua.folder / "rua.toml"
    config.write_text("mine")
    done = rua("init", *flags(imap_user), "--yes")
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert "connecting" not in done.stderr
    assert config.read_text() == "mine"
    assert rua("init", *flags(imap_user), "--yes", "--force").returncode == 0
    assert load_settings(config, store=None, lock_timeout=None).mailbox[0].host == "localhost"
    assert [path.name for path in rua.folder.iterdir()] == ["rua.toml"]


def test_another_file_and_store_are_named_as_they_are_found(rua: Rua, imap_user: User) -> None:
    (rua.folder / "100% mine").mkdir()
    config = rua.folder / "100% mine" / "other.toml"
    domains = ("--domain", "example.com", "--domain", "Example.com.")
    done = rua("--config", config, "init", *flags(imap_user), *domains, "--yes")
    assert done.returncode == 0, done.stderr
    assert tomllib.loads(config.read_text())["store"] == "rua.duckdb"
    assert list(load_settings(config, store=None, lock_timeout=None).domains) == ["example.com"]
    cron = re.search(r"cron:  \*/15 \* \* \* \*  (.*) >/dev/null", done.stderr)
    assert cron is not None
    assert r"100\% mine" in cron[1]
    run = subprocess.run(
        ["sh", "-c", cron[1].replace(r"\%", "%")],
        env=clean_environment(rua.folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert (config.parent / "rua.duckdb").exists()


def test_starttls_and_a_store_elsewhere(rua: Rua, dovecot: Dovecot) -> None:
    user = dovecot.user(password='with "quotes" \\ and ü')
    words = [*flags(user), "--security", "starttls", "--yes"]
    words[words.index("--port") + 1] = str(dovecot.starttls_port)
    done = rua("--store", "data/own.duckdb", "init", *words)
    assert done.returncode == 0, done.stderr
    settings = load_settings(rua.folder / "rua.toml", store=None, lock_timeout=None)
    assert settings.mailbox[0].security == "starttls"
    assert settings.store == rua.folder / "data" / "own.duckdb"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_the_settings_file(text: str) -> None:
    box = {"name": text, "host": text, "port": 1, "security": "tls", "username": text}
    box |= {"password_file": text, "folder": text, "processed": text, "ca_file": text}
    read = tomllib.loads(settings_text(Path("s"), box, [text], text))
    assert read["mailbox"] == [box]
    assert list(read["domains"]) == [text]


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(ConfigError, match="not UTF-8"):
        toml("caf\udce9")


def test_a_file_of_secrets_is_never_open_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "imap.password", []
    monkeypatch.setattr(os, "fsync", lambda fd: seen.append(os.fstat(fd).st_mode & 0o777))
    before = os.umask(0)
    try:
        write_new(path, "secret", mode=0o600)
        with pytest.raises(ConfigError, match="a file of that name"):
            write_new(path, "other", mode=0o600)
        assert path.read_text() == "secret"
        path.chmod(0o644)
        write_new(path, "new", mode=0o600, force=True)
    finally:
        os.umask(before)
    assert (seen, mode(path), path.read_text()) == ([0o600, 0o600], 0o600, "new")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError):
        write_new(tmp_path / "link", "secret", mode=0o600)
    assert not (tmp_path / "elsewhere").exists()
