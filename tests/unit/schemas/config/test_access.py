"""The rules of [access]: whom they name, what they give, and how a mistake in them is told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.config.access import Access
from schemas.config.settings import Settings, load_settings
from schemas.errors import ConfigError
from schemas.store.row_access import Scope

GROUPS = {"Client A": ["a.example", "a2.example"], "Client B": ["b.example"], "": ["own.example"]}
A, B = frozenset(GROUPS["Client A"]), frozenset(GROUPS["Client B"])
NOBODY: frozenset[str] = frozenset()
DOMAINS = "".join(
    f'[domains."{name}"]\n{f"group = {group!r}" if group else ""}\n'
    for group, names in GROUPS.items()
    for name in names
)
BASE = {
    "server_metadata_url": "https://login.example/.well-known/openid-configuration",
    "client_id": "rua",
    "client_secret_env": "OIDC_SECRET",
    "redirect_uri": "https://rua.example/oauth2callback",
    "cookie_secret_file": "cookie.secret",
}
ANN = {"email": "ann@client.example", "email_verified": True}
TEAM = {"email_domains": ["client.example"]}


def access(*rules: dict[str, Any], **more: Any) -> Access:
    return Access.model_validate({**BASE, **more, "allow": list(rules or [TEAM])})


def granted(claims: dict[str, Any], *rules: dict[str, Any], **more: Any) -> Scope | None:
    return access(*rules, **more).granted(claims, GROUPS)


def written(folder: Path, rules: str, **more: object) -> Path:
    lines = [f'{key} = "{value}"' for key, value in {**BASE, **more}.items() if value]
    path = folder / "rua.toml"
    path.write_text("\n".join([DOMAINS, "[access]", *lines, rules]))
    return path


def refused(folder: Path, rules: str, **more: object) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_settings(written(folder, rules, **more), store=None, lock_timeout=None)
    assert str(folder / "rua.toml") in caught.value.where
    return caught.value


@pytest.mark.parametrize(
    "rule",
    [
        {"emails": ["ann@client.example"]},
        {"emails": ["ANN@CLIENT.EXAMPLE."]},
        {"email_domains": ["Client.Example"]},
        {"emails": ["x@x.example"], "email_domains": ["client.example"], "groups": ["none"]},
    ],
)
def test_any_word_of_a_rule_names_somebody(rule: dict[str, Any]) -> None:
    assert granted(ANN, rule) == Scope(None, NOBODY)


@pytest.mark.parametrize(
    "email",
    [
        *("bob@other.example", "ann@sub.client.example", "client.example", "@client.example.evil"),
        *("ann@client.example@evil.example", "ann@client.example.evil.example", "", None, 7, ["x"]),
    ],
)
def test_a_stranger_gets_nothing(email: object) -> None:
    rules = ({"emails": ["ann@client.example"]}, TEAM)
    assert granted({"email": email, "email_verified": True}, *rules) is None


@pytest.mark.parametrize("verified", [False, None, "false", "no", 0, [], {"a": 1}])
def test_an_unverified_address_says_nothing(verified: object) -> None:
    """OpenID Connect Core §5.7."""
    assert granted({"email": "ann@client.example", "email_verified": verified}, TEAM) is None
    assert granted({"email": "ann@client.example"}, TEAM) is None


def test_another_claim_may_vouch() -> None:
    """Entra ID sends xms_edov instead of email_verified."""
    claims = {"email": "ann@client.example", "xms_edov": "1"}
    assert granted(claims, TEAM, email_verified_claim="xms_edov") is not None
    assert granted({**ANN}, TEAM, email_verified_claim="xms_edov") is None


def test_trusted_claims_stand_in_place_of_email() -> None:
    claims = {"email": "boss@client.example", "preferred_username": "ann@client.example"}
    boss = {"emails": ["boss@client.example"]}
    trusted = {"trusted_claims": ["preferred_username"]}
    assert granted(claims, TEAM, **trusted) is not None
    assert granted({**claims, "email_verified": True}, boss, **trusted) is None


def test_letters_that_fold_into_others_are_others() -> None:
    kelvin = {"email": "\u212aate@client.example", "email_verified": True}
    assert granted(kelvin, {"emails": ["kate@client.example"]}) is None


@pytest.mark.parametrize("groups", [["x", "ops"], "ops", ("ops",)])
def test_groups_are_the_providers(groups: object) -> None:
    rule = {"groups": ["ops"]}
    assert granted({"groups": groups}, rule) is not None
    assert granted({"roles": groups}, rule, groups_claim="roles") is not None
    assert granted({"roles": groups}, rule) is None


@pytest.mark.parametrize("groups", [["OPS"], "ops,x", "op", {"ops": 1}, [["ops"]], None, 1])
def test_a_group_is_named_in_full(groups: object) -> None:
    assert granted({"groups": groups}, {"groups": ["ops"]}) is None


def test_all_rules_that_name_somebody_count() -> None:
    first = {**TEAM, "domain_groups": ["Client A"]}
    second = {"emails": ["ann@client.example"], "domain_groups": ["Client B"], "role": "editor"}
    third = {"emails": ["other@client.example"], "role": "editor"}
    assert granted(ANN, first) == Scope(A, NOBODY)
    assert granted(ANN, first, second, third) == Scope(A | B, B)
    assert granted(ANN, second, TEAM) == Scope(None, B)
    assert granted(ANN, first, {**TEAM, "role": "editor"}) == Scope(None, None)


def test_a_domain_in_no_group_is_for_those_who_see_all() -> None:
    scope = granted(ANN, {**TEAM, "domain_groups": ["Client A", "Client B"]})
    assert scope is not None
    assert scope.sees("b.example")
    assert not scope.sees("own.example")
    assert not scope.sees("stranger.example")
    assert not scope.sees("sub.a.example")
    assert not scope.sees(None)


def test_a_login_ends() -> None:
    now = datetime.now(UTC)
    rules = access(session_hours=2)
    for hours, is_over in ((0, False), (1.9, False), (2.1, True)):
        began = (now - timedelta(hours=hours)).timestamp()
        assert rules.is_over({"iat": began}, now) is is_over
    assert rules.is_over({}, now)
    assert rules.is_over({"iat": "soon"}, now)


RULE = '[[access.allow]]\nemail_domains = ["client.example"]\n'


@pytest.mark.parametrize(
    ("rules", "key", "words"),
    [
        ("", "access.allow", ""),
        ("[[access.allow]]\n", "access.allow.0", "names nobody"),
        ('[access.allow]\ngroups = ["x"]\n', "access.allow", ""),
        ('[[access.allow]]\nemails = ["*@x.example"]\n', "access.allow.0.emails", "not an e-mail"),
        ('[[access.allow]]\nemails = ["x"]\n', "access.allow.0.emails", "not an e-mail address"),
        ('[[access.allow]]\nemail_domains = ["@x.example"]\n', "email_domains", "not a domain"),
        ('[[access.allow]]\nemail_domains = ["gmail.com"]\n', "email_domains", "anyone can get"),
        ('[[access.allow]]\ngroups = [""]\n', "access.allow.0.groups", "needs a name"),
        (RULE + "domain_groups = []\n", "access.allow.0", "leave it out"),
        (RULE + 'domain_groups = ["client b"]\n', "allow.0.domain_groups", "'Client B'"),
        (RULE + 'domain_groups = ["nothing like it"]\n', "domain_groups", "Client A, Client B"),
        (RULE + 'domain_groups = ["b.example"]\n', "domain_groups", "of the group 'Client B'"),
        (RULE + 'domain_groups = ["own.example"]\n', "domain_groups", "without a group"),
        (RULE + 'role = "admin"\n', "access.allow.0.role", "viewer"),
        (RULE + 'domain_group = ["Client A"]\n', "allow.0.domain_group", "domain_groups?"),
    ],
)
def test_a_mistake_in_a_rule_is_told(tmp_path: Path, rules: str, key: str, words: str) -> None:
    error = refused(tmp_path, rules)
    assert key in error.where
    assert words in str(error)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("server_metadata_url", "http://login.example/x", "https://"),
        ("redirect_uri", "http://rua.example/oauth2callback", "https://"),
        ("redirect_uri", "https://rua.example/", "/oauth2callback"),
        ("client_secret", "hush-hush", "no such key"),
        ("cookie_secret_file", None, "cookie_secret_file"),
        ("client_id", None, "client_id"),
    ],
)
def test_a_mistake_about_the_provider_is_told(
    tmp_path: Path, key: str, value: object, words: str
) -> None:
    error = refused(tmp_path, RULE, **{key: value})
    assert words in str(error)
    assert "hush-hush" not in str(error)


def test_claims_of_any_organisation_are_not_trusted() -> None:
    url = "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration"
    with pytest.raises(ValueError, match="one organisation"):
        access(server_metadata_url=url, trusted_claims=["preferred_username"])


def test_a_weak_cookie_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cookie.secret").write_text("short")
    told = loaded(tmp_path).access
    assert told is not None
    with pytest.raises(ConfigError, match="32 characters") as caught:
        told.cookie_secret()
    assert "access.cookie_secret_file" in caught.value.where
    assert "short" not in str(caught.value).replace("is shorter", "")


def test_secrets_come_from_where_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OIDC_SECRET", "the client's")
    (tmp_path / "cookie.secret").write_text("c" * 40 + "\n")
    told = loaded(tmp_path).access
    assert told is not None
    assert told.client_secret().get_secret_value() == "the client's"
    assert told.cookie_secret().get_secret_value() == "c" * 40
    assert "the client's" not in repr(told)


def loaded(folder: Path) -> Settings:
    return load_settings(written(folder, RULE), store=None, lock_timeout=None)
