"""What a login may see and change in the dashboard, whatever its screens offer."""

import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.web.server.server import APP
from schemas.config.access import LOGIN
from schemas.config.settings import load_settings
from tests.conftest import DEMO_UNTIL, Demo
from tests.support.stores.two_groups import TwoGroups, tokens, two_groups

RULES = """
[access]
server_metadata_url = "https://login.example/.well-known/openid-configuration"
client_id = "rua"
client_secret_env = "OIDC_SECRET"
redirect_uri = "https://rua.example/oauth2callback"
cookie_secret_env = "COOKIE_SECRET"

[[access.allow]]
emails = ["viewer@client.example"]
domain_groups = ["{group}"]

[[access.allow]]
emails = ["editor@client.example"]
domain_groups = ["{group}"]
role = "editor"

[[access.allow]]
emails = ["all@msp.example"]

[[access.allow]]
emails = ["most@msp.example"]
domain_groups = {groups}
"""
UNNAMED = "guild.example"  # reports on it come, and the settings do not name it
EDITOR = "editor@client.example"
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def groups(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> TwoGroups:
    found = two_groups(demo, tmp_path_factory.mktemp("groups"))
    config = found.config.read_text().replace(UNNAMED, "renamed.example")
    found.config.write_text(config)
    groups = load_settings(found.config, store=None, lock_timeout=None).groups
    assert "" not in groups, "every domain of the demo has a group"
    rules = RULES.format(group=found.group, groups=sorted(groups))
    found.config.write_text(config + rules)
    return found


@pytest.fixture
def opened(groups: TwoGroups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Runs a script as somebody; an e-mail of None is nobody."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["streamlit"])
    monkeypatch.setenv("RUA_CONFIG", str(groups.config))
    monkeypatch.setenv("RUA_STORE", str(groups.store))
    monkeypatch.setenv(LOGIN, "required")

    def open_as(
        email: str | None, script: Callable[[], None] | Path = APP, age: float = 0, **query: str
    ) -> AppTest:
        if isinstance(script, Path):
            app = AppTest.from_file(str(script), default_timeout=120)
        else:
            app = AppTest.from_function(script, default_timeout=120)
        app.user = {"is_logged_in": False} if email is None else claims(email, age)
        app.query_params.update({"until": DEMO_UNTIL.isoformat()} | query)
        app.run()
        assert not app.exception
        return app

    return open_as


def claims(email: str, age: float) -> dict[str, Any]:
    iat = int(time.time() - age)
    return {"is_logged_in": True, "email": email, "email_verified": True, "iat": iat}


def shown(app: AppTest) -> set[str]:
    """Every name on a page, those in its tables and choices among them."""
    prose = (app.title, app.markdown, app.caption, app.info, app.warning, app.text)
    texts = [str(each.value) for kind in prose for each in kind]
    cells = [value for each in app.dataframe for value in each.value.astype(str).to_numpy().flat]
    choices = [option for each in app.selectbox for option in each.options]
    return tokens([*texts, *cells, *choices])


def labelling() -> None:
    """What a screen's form does, offered to everybody."""
    import streamlit as st  # noqa: PLC0415

    from analytics.sources.labels import add, remove  # noqa: PLC0415
    from dashboards.web.session import messages  # noqa: PLC0415
    from dashboards.web.session.query_cache import change  # noqa: PLC0415

    with messages.problems_shown():
        change(add, st.query_params["domain"], "written.example", "own", None)
        change(remove, st.query_params["domain"], "label.theirs.example")
        st.text("done")


def retrying() -> None:
    """What the button beside quarantine does, offered to everybody."""
    import streamlit as st  # noqa: PLC0415

    from dashboards.web.screens.reports.retry import read_again  # noqa: PLC0415
    from dashboards.web.session import messages  # noqa: PLC0415
    from dashboards.web.session.query_cache import change  # noqa: PLC0415

    with messages.problems_shown():
        st.text(str(change(read_again, 1)))


def labels_in(store: Path) -> list[tuple[str, str]]:
    with duckdb.connect(str(store), read_only=True) as con:
        return con.execute("select policy_domain, match from label order by all").fetchall()


@pytest.mark.parametrize("email", ["viewer@client.example", "all@msp.example", "x@y.example", None])
def test_only_an_editor_changes_labels(groups: TwoGroups, opened: Open, email: str | None) -> None:
    before = labels_in(groups.store)
    for domain in (min(groups.mine), min(groups.theirs)):
        app = opened(email, labelling, domain=domain)
        assert [each.value for each in app.text] == []
        assert "You have no access" in app.info[0].value
    assert labels_in(groups.store) == before


@pytest.mark.parametrize("email", ["viewer@client.example", "all@msp.example", EDITOR, None])
def test_only_an_editor_of_everything_reads_quarantine_again(
    opened: Open, email: str | None
) -> None:
    app = opened(email, retrying)
    assert [each.value for each in app.text] == []
    assert "You have no access" in app.info[0].value


def test_no_screen_opens_the_store_or_the_settings_by_itself() -> None:
    """What it asks goes through session/query_cache.py, which asks who looks."""
    folder = APP.parents[1]
    opening = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if "commands" not in path.parts
        and re.search(r"\b(Store\(|load_settings\(|duckdb)", path.read_text())
    }
    assert opening == {"cli/output.py", "web/session/query_cache.py", "web/session/auth.py"}


def test_an_editor_of_a_group_changes_its_labels_alone(groups: TwoGroups, opened: Open) -> None:
    mine, theirs = min(groups.mine), min(groups.theirs)
    app = opened(EDITOR, labelling, domain=theirs)
    assert "You have no access" in app.info[0].value
    assert (theirs, "written.example") not in labels_in(groups.store)
    assert (theirs, "label.theirs.example") in labels_in(groups.store)
    app = opened(EDITOR, labelling, domain=mine)
    assert [each.value for each in app.text] == ["done"]
    assert (mine, "written.example") in labels_in(groups.store)


def test_answers_are_kept_for_those_who_may_see_the_same(groups: TwoGroups, opened: Open) -> None:
    """All logins share one process and its cache."""
    whole = shown(opened("all@msp.example"))
    assert groups.mine | groups.theirs <= whole
    part = shown(opened("viewer@client.example"))
    assert groups.mine <= part
    assert not part & groups.theirs
    assert shown(opened("all@msp.example")) == whole


def test_even_with_all_groups_one_sees_no_other_domain(groups: TwoGroups, opened: Open) -> None:
    """Whose settings look the same as of someone who sees all."""
    assert UNNAMED in shown(opened("all@msp.example"))
    part = shown(opened("most@msp.example"))
    assert min(groups.theirs) in part
    assert UNNAMED not in part


@pytest.mark.parametrize("key", ["domain", "group"])
def test_the_url_chooses_among_what_may_be_seen(groups: TwoGroups, opened: Open, key: str) -> None:
    wanted = {"domain": min(groups.theirs), "group": "Lantern"}[key]
    app = opened("viewer@client.example", **{key: wanted})
    assert not shown(app) & groups.theirs
    assert app.selectbox(key="domain").value is None


def test_a_viewer_without_access_sees_what_to_do(groups: TwoGroups, opened: Open) -> None:
    for email, words, button in (
        (None, "Log in to see", "Log in"),
        ("x@y.example", "no access", "Log out"),
    ):
        app = opened(email)
        assert words in str([each.value for each in (*app.markdown, *app.info)])
        assert [each.label for each in app.button] == [button]
        assert not shown(app) & (groups.mine | groups.theirs)


def test_a_login_that_is_over_is_asked_for_again(groups: TwoGroups, opened: Open) -> None:
    app = opened("all@msp.example", age=13 * 3600)
    assert "login has expired" in app.info[0].value
    assert not shown(app) & groups.mine


def test_settings_that_lose_their_rules_open_nothing(
    groups: TwoGroups, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = groups.config.read_text()
    for broken in (text[: text.index("[access]")], "no settings at all"):
        config = tmp_path / "rua.toml"
        config.write_text(broken)
        monkeypatch.setenv("RUA_CONFIG", str(config))
        app = opened("all@msp.example")
        assert "cannot be read" in app.warning[0].value
        assert not shown(app) & groups.mine


def test_without_rules_there_is_no_login(
    groups: TwoGroups, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUA_CONFIG")
    monkeypatch.delenv(LOGIN)
    assert "RUA_CONFIG" not in os.environ
    app = opened(None)
    assert shown(app) & groups.mine
    assert shown(app) & groups.theirs
    assert "Log out" not in [each.label for each in app.button]
