"""Who may look: the installed dashboard, a real provider and a real browser."""

import contextlib
import http.client
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from analytics.sources.labels import labels, remove
from schemas.errors import ExitCode
from schemas.store.store import Store
from tests.conftest import DEMO_UNTIL, RUA, Demo, Rua
from tests.support.paths import ROOT
from tests.support.screens.browser import (
    CHROMIUM,
    QUIET,
    free_port,
    needs_chromium,
    started,
    wait_until_drawn,
)
from tests.support.servers.oidc_provider import oidc_provider
from tests.support.servers.tls_proxy import tls_proxy
from tests.support.stores.two_groups import TwoGroups, foreign_tokens, tokens, two_groups

VERIFIED = {"email_verified": True}
USERS: dict[str, dict[str, Any]] = {
    "ann": {"sub": "ann", "email": "Ann@Client.Example", **VERIFIED},
    "bob": {"sub": "bob", "email": "bob@msp.example", "groups": ["editors"], **VERIFIED},
    "eve": {"sub": "eve", "email": "eve@elsewhere.example", **VERIFIED},
    "mal": {"sub": "mal", "email": "ann@client.example", "email_verified": False},
}
RULES = """
[access]
server_metadata_url = "{provider}/.well-known/openid-configuration"
client_id = "rua"
client_secret_env = "OIDC_SECRET"
redirect_uri = "{url}/oauth2callback"
cookie_secret_file = "cookie.secret"
contact = "the postmaster"

[[access.allow]]
email_domains = ["client.example"]
domain_groups = ["{group}"]

[[access.allow]]
groups = ["editors"]
role = "editor"
"""
VIEWS = ("browse", "conflicts", "quarantine", "genuine", "coverage")
OTHER_APP = """
import sys
from pathlib import Path
from dashboards.web.server import server
from dashboards.cli.main import main
server.APP = Path(sys.argv[1])
sys.exit(main(sys.argv[2:]))
"""
# No name but localhost leads anywhere; to watch each request would switch the browser's cache off.
NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
COOKIE_SECRET = "a cookie secret of more than 32 characters"
CLIENT_SECRET = "a client secret that nobody prints"


@dataclass(frozen=True)
class Guarded:
    """A dashboard that asks for a login."""

    url: str
    port: int
    groups: TwoGroups

    @property
    def view(self) -> str:
        return f"{self.url}/?until={DEMO_UNTIL.isoformat()}&days=35"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """One serves all dashboards."""
    with oidc_provider(*USERS.values()) as found:
        yield found


@pytest.fixture(scope="module")
def guarded(
    provider: str, demo: Demo, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guarded]:
    needs_chromium()
    folder, port = tmp_path_factory.mktemp("guarded"), free_port()
    groups, url = two_groups(demo, folder), f"http://127.0.0.1:{port}"
    with guard(provider, groups, folder, port, url) as found:
        yield found


@contextlib.contextmanager
def guard(
    provider: str,
    groups: TwoGroups,
    folder: Path,
    port: int,
    url: str,
    below: str = "",
    command: Sequence[str] = (str(RUA),),
) -> Iterator[Guarded]:
    """A dashboard on `port` that people see at `url`."""
    (folder / "cookie.secret").write_text(COOKIE_SECRET)
    (folder / "cookie.secret").chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OIDC_SECRET", CLIENT_SECRET)
        rules = RULES.format(provider=provider, url=url, group=groups.group)
        groups.config.write_text(groups.config.read_text() + rules)
        flags = ["--config", str(groups.config)]
        with started(flags, folder, port, below=below, command=command):
            yield Guarded(url, port, groups)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    needs_chromium()
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, NOWHERE])
        yield found
        found.close()


@contextlib.contextmanager
def visitor(browser: Browser, guarded: Guarded, name: str | None = None) -> Iterator[Page]:
    """A page of a browser without a past, of somebody who has logged in."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 1000}, ignore_https_errors=True
    )
    page = context.new_page()
    page.goto(guarded.view)
    wait_until_drawn(page)
    if name is not None:
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("button", name=name, exact=True).click()
        page.wait_for_url(f"{guarded.url}/**")
        wait_until_drawn(page)
    yield page
    context.close()


def seen(page: Page) -> str:
    return page.locator("[data-testid=stApp]").inner_text()


def at(page: Page, url: str) -> str:
    page.goto(url)
    wait_until_drawn(page)
    return seen(page)


def test_nobody_sees_anything_before_a_login(guarded: Guarded, browser: Browser) -> None:
    with visitor(browser, guarded) as page:
        text = seen(page)
        assert "Log in" in text
        assert "Sources" not in text
        for path in ("/sources", "/?domain=harbour.example", "/report?report=1"):
            assert not tokens(at(page, guarded.url + path)) & guarded.groups.mine


def test_a_stranger_is_refused(guarded: Guarded, browser: Browser) -> None:
    with visitor(browser, guarded, "eve") as page:
        text = seen(page)
        assert "eve@elsewhere.example" in text
        assert "no access" in text
        assert "the postmaster" in text
        text += at(page, guarded.view + "&domain=harbour.example")
        assert "Messages" not in text
        assert not tokens(text) & (guarded.groups.mine | guarded.groups.theirs)
        page.get_by_role("button", name="Log out").click()


def test_an_address_that_is_not_verified_is_refused(guarded: Guarded, browser: Browser) -> None:
    with visitor(browser, guarded, "mal") as page:
        text = seen(page)
        assert "ann@client.example" in text
        assert "no access" in text
        assert "verified" in text
        assert not tokens(text) & guarded.groups.mine


def test_a_viewer_sees_his_group_by_any_url(guarded: Guarded, browser: Browser) -> None:
    secrets = foreign_tokens(guarded.groups.store, guarded.groups.mine)
    theirs, mine = min(guarded.groups.theirs), min(guarded.groups.mine)
    foreign = documents_on(guarded.groups.store, theirs)[:2]
    with visitor(browser, guarded, "ann") as page:
        heard = listened(page)
        text = at(page, guarded.view)
        assert mine in text + str(heard)
        assert "viewer" in text
        urls = [
            guarded.view,
            f"{guarded.view}&domain={quote(theirs)}",
            f"{guarded.view}&group=Lantern",
            f"{guarded.url}/domain?domain={quote(theirs)}&until={DEMO_UNTIL}",
            *(
                f"{guarded.url}/{screen}?until={DEMO_UNTIL}"
                for screen in ("sources", "tls", "pipeline")
            ),
            *(f"{guarded.url}/reports?view={view}&until={DEMO_UNTIL}" for view in VIEWS),
            *(f"{guarded.url}/report?report={number}&until={DEMO_UNTIL}" for number in foreign),
        ]
        for url in urls:
            text = at(page, url)
            assert not tokens(text) & secrets - tokens(url), url
            assert not tokens([*heard]) & secrets - tokens(url), url
            heard.clear()
        (own, *_) = documents_on(guarded.groups.store, mine)
        assert "Save " in at(page, f"{guarded.url}/report?report={own}")


def documents_on(store: Path, domain: str) -> list[int]:
    with Store(store).read() as con:
        question = "select document_id from dmarc_report where policy_domain = $1 order by 1"
        return [number for (number,) in con.execute(question, [domain]).fetchall()]


def listened(page: Page) -> list[bytes | str]:
    """What the server tells the browser, beside what is drawn: tables come whole."""
    frames: list[bytes | str] = []

    def hear(frame: bytes | str) -> None:
        frames.append(frame)

    page.on("websocket", lambda socket: socket.on("framereceived", hear))
    return frames


def test_an_editor_of_all_sees_all(guarded: Guarded, browser: Browser) -> None:
    with visitor(browser, guarded, "bob") as page:
        heard = listened(page)
        text = at(page, guarded.view)
        assert "bob@msp.example" in text
        assert "editor" in text
        assert {min(guarded.groups.theirs), min(guarded.groups.mine)} <= tokens([text, *heard])


def test_whoever_logs_out_sees_nothing_more(guarded: Guarded, browser: Browser) -> None:
    with visitor(browser, guarded, "ann") as page:
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url(lambda url: "end_session" in url)
        assert "Log in" in at(page, guarded.view)


def test_whoever_leaves_the_settings_sees_nothing_more(guarded: Guarded, browser: Browser) -> None:
    config = guarded.groups.config
    before = config.read_text()
    try:
        with visitor(browser, guarded, "ann") as page:
            config.write_text(before.replace('"client.example"', '"other.example"'))
            page.get_by_text("90", exact=True).click()
            page.get_by_text("no access").wait_for()
            config.write_text(before[: before.index("[access]")])
            assert not tokens(at(page, guarded.view)) & guarded.groups.mine
    finally:
        config.write_text(before)


def test_a_cookie_of_ones_own_making_is_none(guarded: Guarded, browser: Browser) -> None:
    with visitor(browser, guarded) as page:
        page.context.add_cookies(
            [{"name": "_streamlit_user", "value": "bm9ib2R5", "url": guarded.url}]
        )
        assert "Log in" in at(page, guarded.view)


def test_without_a_websocket_there_is_nothing_to_read(guarded: Guarded) -> None:
    """Pages, media and downloads of Streamlit hold nothing for who is not logged in."""
    for path in ("/", "/sources", "/_stcore/host-config", "/media/0.csv", "/app/static/x"):
        asked = http.client.HTTPConnection("127.0.0.1", guarded.port, timeout=30)
        with contextlib.closing(asked):
            asked.request("GET", path)
            body = asked.getresponse().read()
        assert not tokens(body) & guarded.groups.mine, path


def test_only_an_editor_labels(provider: str, demo: Demo, browser: Browser, tmp_path: Path) -> None:
    """By a button that everybody is shown."""
    groups, port = two_groups(demo, tmp_path), free_port()
    mine = min(groups.mine)
    command = [
        sys.executable,
        "-c",
        OTHER_APP,
        str(ROOT / "tests/support/screens/labelling_app.py"),
    ]
    url = f"http://127.0.0.1:{port}"
    with guard(provider, groups, tmp_path, port, url, command=command) as here:
        for name, words, count in (
            ("ann", "You have no access", 0),
            ("bob", f"labelled {mine}", 1),
        ):
            with visitor(browser, here, name) as page:
                at(page, f"{here.url}/?domain={mine}")
                page.get_by_role("button", name="Label it").click()
                page.get_by_text(words).wait_for()
            with Store(groups.store).read() as con:
                question = "select count(*) from label where match = 'from-the-browser.example'"
                assert con.execute(question).fetchall() == [(count,)], name


def test_the_form_of_a_source_is_an_editors(
    guarded: Guarded, browser: Browser, request: pytest.FixtureRequest
) -> None:
    mine = min(guarded.groups.mine)
    with Store(guarded.groups.store).read() as con:
        question = "select source_ip from dmarc_message where policy_domain = $1 and day > $2"
        address = con.execute(question, [mine, DEMO_UNTIL - timedelta(days=30)]).fetchall()[0][0]
        before = labels(con)
    request.addfinalizer(lambda: remove(Store(guarded.groups.store), mine, address))
    place = f"{guarded.url}/sources?ip={address}&of={mine}&until={DEMO_UNTIL.isoformat()}"
    for name, found in (("ann", before), ("bob", [*before, "spoof"])):
        with visitor(browser, guarded, name) as page:
            at(page, place)
            page.get_by_text("Label it: your label overrides every rule").click()
            wait_until_drawn(page)
            if name == "ann":
                assert "Only editors can label." in seen(page)
                assert page.get_by_role("button", name="Label", exact=True).count() == 0
                continue
            page.get_by_role("combobox", name="Class").nth(1).click()
            page.get_by_role("option", name="spoof: somebody else uses the domain").click()
            page.get_by_role("button", name="Label", exact=True).click()
            page.get_by_text("is labelled spoof").wait_for()
        with Store(guarded.groups.store).read() as con:
            assert len(labels(con)) == len(found), name


def test_behind_a_tls_proxy_below_a_path(
    provider: str, demo: Demo, browser: Browser, tmp_path: Path
) -> None:
    groups, port = two_groups(demo, tmp_path), free_port()
    with tls_proxy(tmp_path, port) as outside:
        url = f"https://localhost:{outside}/rua"
        with (
            guard(provider, groups, tmp_path, port, url, "/rua") as here,
            visitor(browser, here, "ann") as page,
        ):
            assert page.url.startswith(url)
            assert "viewer" in seen(page)
            page.get_by_role("button", name="Log out").click()
            page.wait_for_url(lambda now: "end_session" in now)
            assert "Log in" in at(page, here.view)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1"])
def test_another_address_needs_a_login(rua: Rua, address: str) -> None:
    done = rua("dashboard", "--address", address, "--no-browser")
    assert done.returncode == ExitCode.USAGE
    assert "[access]" in done.stderr
    assert "--no-login" in done.stderr


def test_no_login_is_said_aloud(rua: Rua, tmp_path: Path) -> None:
    port = free_port()
    flags = ["--no-login", "--address", "0.0.0.0"]
    with started(["--store", "none.duckdb"], tmp_path, port, more=flags) as process:
        process.terminate()
        _, stderr = process.communicate(timeout=30)
    assert "anyone who can reach 0.0.0.0" in stderr


def test_secrets_are_never_printed(guarded: Guarded, rua: Rua) -> None:
    config = guarded.groups.config
    flags = ["--config", str(config), "dashboard", "--no-browser"]
    done = rua(*flags, "--port", str(guarded.port), env={"OIDC_SECRET": CLIENT_SECRET})
    assert done.returncode == ExitCode.USAGE  # the port is taken
    done = rua(*flags, env={"OIDC_SECRET": ""})
    assert done.returncode == ExitCode.USAGE
    assert "key access.client_secret_env" in done.stderr
    done = rua(*flags, "--no-login", env={"OIDC_SECRET": CLIENT_SECRET})
    assert done.returncode == ExitCode.USAGE
    assert "--no-login" in done.stderr
    assert CLIENT_SECRET not in done.stderr
    assert COOKIE_SECRET not in done.stderr
