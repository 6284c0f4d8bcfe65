"""rua.toml < environment < flags, secrets from elsewhere, and mistakes explained."""

from pathlib import Path

import pytest

from schemas.config.secret_permissions import exposed_files
from schemas.config.settings import Mailbox, Settings, load_settings
from schemas.errors import ConfigError

MAILBOX = """
[[mailbox]]
name = "reports"
host = "imap.example.com"
username = "dmarc@example.com"
password_file = "imap.password"
ca_file = "ca.pem"
"""


@pytest.fixture(autouse=True)
def _no_settings_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("RUA_CONFIG", "RUA_STORE", "RUA_LOCK_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "conf" / "rua.toml"
    path.parent.mkdir()
    path.write_text(text)
    return path


def load(config: Path | None, **flags: object) -> Settings:
    return load_settings(config, **{"store": None, "lock_timeout": None} | flags)  # type: ignore[arg-type]


def refused(config: Path) -> str:
    with pytest.raises(ConfigError) as error:
        load(config)
    assert error.value.exit_code == 2
    return str(error.value)


def test_without_any_file_the_defaults_stand() -> None:
    settings = load(None)
    assert settings.store == Path("rua.duckdb")
    assert settings.mailbox == ()


def test_paths_in_the_file_are_relative_to_the_file(tmp_path: Path) -> None:
    config = written(tmp_path, 'store = "data/s.duckdb"\n' + MAILBOX)
    settings = load(config)
    assert settings.store == config.parent / "data/s.duckdb"
    assert settings.mailbox[0].ca_file == config.parent / "ca.pem"


def test_environment_beats_file_and_flags_beat_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = written(tmp_path, 'store = "file.duckdb"\nlock_timeout = 5\n')
    monkeypatch.setenv("RUA_STORE", "environment.duckdb")
    assert load(config).store == Path("environment.duckdb")
    assert load(config).lock_timeout == 5
    flagged = load(config, store=Path("flag.duckdb"), lock_timeout=1.5)
    assert flagged.store == Path("flag.duckdb")
    assert flagged.lock_timeout == 1.5


def test_the_file_is_found_by_environment_then_here_then_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / ".config" / "rua"
    home.mkdir(parents=True)
    (home / "rua.toml").write_text("lock_timeout = 1")
    assert load(None).lock_timeout == 1
    (tmp_path / "rua.toml").write_text("lock_timeout = 2")
    assert load(None).lock_timeout == 2
    (tmp_path / "other.toml").write_text("lock_timeout = 3")
    monkeypatch.setenv("RUA_CONFIG", str(tmp_path / "other.toml"))
    assert load(None).lock_timeout == 3


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ('stor = "x"', "stor", "store"),
        (MAILBOX + "usernam = 1", "mailbox.0.usernam", "username"),
        ('[domains."example.com"]\ngaol = "reject"', "domains.example.com.gaol", "goal"),
    ],
)
def test_an_unknown_key_names_file_key_and_the_nearest_known_one(
    tmp_path: Path, text: str, key: str, nearest: str
) -> None:
    config = written(tmp_path, text)
    message = refused(config)
    assert str(config) in message
    assert key in message
    assert f"did you mean {nearest}?" in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("store = ", "not valid TOML"),
        (MAILBOX + 'security = "plain"', "mailbox.0.security"),
        (MAILBOX + "port = 70000", "mailbox.0.port"),
        ('[[mailbox]]\nname = "x"', "mailbox.0.host"),
    ],
)
def test_other_mistakes_name_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    config = written(tmp_path, text)
    message = refused(config)
    assert words in message
    assert str(config) in message


def test_a_named_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    assert "the settings file does not exist" in refused(tmp_path / "none.toml")


def test_domain_names_are_compared_in_one_form(tmp_path: Path) -> None:
    config = written(tmp_path, '[domains."Example.COM."]\ngoal = "quarantine"')
    assert load(config).domains["example.com"].goal == "quarantine"


def test_a_password_comes_from_a_file_and_is_never_shown(tmp_path: Path) -> None:
    config = written(tmp_path, MAILBOX)
    (config.parent / "imap.password").write_text("s3cret with space \n")
    settings = load(config)
    password = settings.mailbox[0].password()
    assert password.get_secret_value() == "s3cret with space "
    assert "s3cret" not in repr(settings) + str(password) + repr(password)


def test_a_password_comes_from_the_environment_or_a_systemd_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = written(tmp_path, MAILBOX)
    box = load(config).mailbox[0]
    from_environment = box.model_copy(update={"password_file": None, "password_env": "IMAP_PW"})
    with pytest.raises(ConfigError, match="IMAP_PW is not set"):
        from_environment.password()
    monkeypatch.setenv("IMAP_PW", "one")
    assert from_environment.password().get_secret_value() == "one"
    by_systemd = box.model_copy(update={"password_file": None, "password_credential": "imap"})
    with pytest.raises(ConfigError, match="LoadCredential"):
        by_systemd.password()
    (tmp_path / "imap").write_text("two")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert by_systemd.password().get_secret_value() == "two"


@pytest.mark.parametrize("content", [None, "", b"\xff\xfe"])
def test_a_password_file_that_says_nothing_is_a_mistake(
    tmp_path: Path, content: str | bytes | None
) -> None:
    config = written(tmp_path, MAILBOX)
    if content is not None:
        data = content if isinstance(content, bytes) else content.encode()
        (config.parent / "imap.password").write_bytes(data)
    with pytest.raises(ConfigError, match="password_file"):
        load(config).mailbox[0].password()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[mailbox]\nname = "a"', "[[mailbox]], with two brackets"),
        ('[domains.example.com]\ngoal = "reject"', '[domains."example.com"]'),
        ('[domains.example.co.uk]\ngoal = "reject"', '[domains."example.co.uk"]'),
        ("[domains.example.com]", '[domains."example.com"]'),
        ('[domains."example.com"]\ngoall = "reject"', "did you mean goal?"),
    ],
)
def test_brackets_and_dots_have_their_own_hint(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "rua.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path, store=None, lock_timeout=None)
    assert says in str(caught.value)


def test_a_secret_that_others_can_read_is_told(tmp_path: Path) -> None:
    secret = tmp_path / "pw"
    secret.write_text("x")
    mailbox = Mailbox(name="a", host="x", username="u", password_file=secret)
    secret.chmod(0o640)
    (line,) = exposed_files(mailbox)
    assert str(secret) in line
    assert "mode 640" in line
    assert "chmod 600" in line
    assert "x\n" not in line
    secret.chmod(0o600)
    assert list(exposed_files(mailbox)) == []


def test_groups_hold_their_domains_and_those_in_none_come_last(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[domains."b.example"]\ngroup = "Two"\n[domains."c.example"]\n'
        '[domains."a.example"]\ngroup = "Two"\n[domains."d.example"]\ngroup = "One"\n',
    )
    assert list(load(path).groups.items()) == [
        ("One", ["d.example"]),
        ("Two", ["a.example", "b.example"]),
        ("", ["c.example"]),
    ]
    assert load(None).groups == {}
