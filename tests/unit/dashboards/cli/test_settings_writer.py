"""A new rua.toml means what was answered, and files are never replaced unasked."""

import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.cli.settings_writer import relative_to, settings_text, toml, write_new
from schemas.config.settings import load_settings
from schemas.errors import ConfigError

MAILBOX: dict[str, Any] = {
    "name": "reports",
    "host": "imap.example.com",
    "port": 993,
    "security": "tls",
    "username": "dmarc@example.com",
    "password_file": Path("imap.password"),
    "folder": "INBOX",
    "processed": "Processed",
}


def read(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def test_the_file_holds_the_answers_and_nothing_else() -> None:
    found = read(settings_text(Path("rua.duckdb"), MAILBOX, ["example.com"], "mx.example.com"))
    assert found == {
        "store": "rua.duckdb",
        "mailbox": [MAILBOX | {"password_file": "imap.password"}],
        "domains": {"example.com": {}},
    }


def test_a_guess_is_commented_and_asked_about() -> None:
    text = settings_text(Path("rua.duckdb"), MAILBOX, [], "mx.example.com")
    (line,) = [line for line in text.splitlines() if "authserv_id" in line]
    assert line.startswith('# authserv_id = "mx.example.com"')
    assert line.endswith("is that your server?")
    assert "is that your server?" not in settings_text(Path("rua.duckdb"), MAILBOX, [], None)


def test_without_domains_every_domain_counts() -> None:
    text = settings_text(Path("rua.duckdb"), MAILBOX, [], None)
    assert "domains" not in read(text)
    assert '# [domains."example.com"]' in text


def test_a_variable_takes_the_place_of_the_password_file() -> None:
    answers = MAILBOX | {"password_env": "SECRET"}
    del answers["password_file"]
    (mailbox,) = read(settings_text(Path("s"), answers, [], None))["mailbox"]
    assert mailbox["password_env"] == "SECRET"
    assert "password_file" not in mailbox


def test_a_private_ca_is_a_key_and_otherwise_a_comment() -> None:
    with_ca = settings_text(Path("s"), MAILBOX | {"ca_file": Path("my ca.pem")}, [], None)
    assert read(with_ca)["mailbox"][0]["ca_file"] == "my ca.pem"
    assert '# ca_file = "ca.pem"' in settings_text(Path("s"), MAILBOX, [], None)


def test_rua_reads_what_is_written(tmp_path: Path) -> None:
    config = tmp_path / "rua.toml"
    (tmp_path / "imap.password").write_text("secret")
    config.write_text(settings_text(Path("rua.duckdb"), MAILBOX, ["a.example"], None))
    settings = load_settings(config, store=None, lock_timeout=None)
    assert settings.mailbox[0].username == "dmarc@example.com"
    assert list(settings.domains) == ["a.example"]


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_any_text_is_a_toml_string(text: str) -> None:
    assert read(f"x = {toml(text)}") == {"x": text}
    assert toml(text).isprintable()  # so that the file shows what it says


def test_text_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        toml("\udc80")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/srv/rua/imap.password", "imap.password"),
        ("/srv/rua/secrets/../ca.pem", "ca.pem"),
        ("/srv/rua/data/rua.duckdb", "data/rua.duckdb"),
        ("/srv/other/ca.pem", "/srv/other/ca.pem"),
        ("/srv/ruabackup/ca.pem", "/srv/ruabackup/ca.pem"),
    ],
)
def test_a_path_is_relative_only_within_the_folder(path: str, name: str) -> None:
    assert relative_to(Path("/srv/rua"), Path(path)) == Path(name)


def test_a_secret_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "imap.password"
    write_new(path, "secret\n", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "secret\n"


def test_a_file_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "rua.toml"
    path.write_text("mine")
    with pytest.raises(ConfigError, match=r"there is a file of that name; use --force"):
        write_new(path, "new")
    assert path.read_text() == "mine"
    write_new(path, "new", force=True)
    assert path.read_text() == "new"
    assert [each.name for each in tmp_path.iterdir()] == ["rua.toml"]


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written") as caught:
        write_new(tmp_path / "none" / "rua.toml", "x")
    assert str(tmp_path / "none" / "rua.toml") in str(caught.value)
    assert caught.value.todo
