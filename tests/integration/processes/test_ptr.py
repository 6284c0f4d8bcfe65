"""Names of addresses end to end: `rua ingest` with a real DNS, and what it does without one."""

import json
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.load.writer import Writer
from ingest.model.ptr import PtrAnswer
from ingest.run.reverse_dns import name_sources
from schemas.config import settings as keys
from schemas.store.store import Store
from tests.conftest import Demo
from tests.support.mails.mails import make_report_mail
from tests.support.mails.named_addresses import lookups, report
from tests.support.process.rua_command import Done, finish, rows, run, settings, start
from tests.support.screens.terminal import Terminal
from tests.support.servers.dovecot import User
from tests.support.servers.knot import Dns, dns_that_drops, silent_port
from tests.support.servers.reverse_zones import reverse, reverse_zones

HOST, LIAR, BROKEN, UNKNOWN = "192.0.2.1", "192.0.2.2", "203.0.113.9", "192.0.2.4"
MAY = ("--since", "2026-05-01", "--until", "2026-05-31")
SAID = "rua: host names looked up for 4 of 4 addresses: 1 found, 1 unconfirmed, 1 without, 1 errors"


class Postmaster:
    def __init__(self, folder: Path) -> None:
        self.store = folder / "rua.duckdb"
        self.file = folder / "r.xml"
        self.file.write_text(report(dict.fromkeys((HOST, LIAR, BROKEN, UNKNOWN), 10)))
        self._folder = folder

    def ingest(self, *words: str, **dns: object) -> Done:
        table = [f"{key} = {json.dumps(value)}" for key, value in dns.items()]
        config = settings(self._folder, "\n".join(["[dns]", *table]))
        command = ("--config", config, "ingest", self.file, "--format", "json")
        return run(*command, *words, offline=False)


@pytest.fixture
def postmaster(tmp_path: Path, dns: Dns) -> Postmaster:
    dns.add(reverse_zones({HOST: "o1.sendgrid.net"}))
    dns.add([reverse(LIAR, "mail.google.com")])
    return Postmaster(tmp_path)


def test_ingest_names_sources_after_its_commit(postmaster: Postmaster, dns: Dns) -> None:
    done = postmaster.ingest(nameservers=[dns.nameserver])
    assert (done.code, done.err, done.json["stored"]) == (0, "", 1)  # cron mails what is said
    assert lookups(postmaster.store)[HOST] == ("found", "o1.sendgrid.net", True)
    asked = dns.asked()
    again = postmaster.ingest(nameservers=[dns.nameserver])
    assert (again.code, again.err) == (0, "")
    assert dns.asked() == asked

    sources = run("--store", postmaster.store, "sources", *MAY, "--format", "json").json
    found = {row["source_ip"]: row for row in sources}
    assert (found[HOST]["ptr"], found[HOST]["source"]) == ("o1.sendgrid.net", "SendGrid")
    assert found[HOST]["unconfirmed_ptr"] is None
    # A name that does not lead back is shown as such, and names nobody.
    assert (found[LIAR]["ptr"], found[LIAR]["unconfirmed_ptr"]) == (None, "mail.google.com")
    assert found[LIAR]["source"] == LIAR


def test_offline_asks_nothing(postmaster: Postmaster, dns: Dns) -> None:
    first = postmaster.ingest("--offline", nameservers=[dns.nameserver])
    second = postmaster.ingest(nameservers=[dns.nameserver], offline=True)
    assert [(done.code, done.err) for done in (first, second)] == [(0, ""), (0, "")]
    assert first.json["stored"] == 1
    assert dns.asked() == {}
    assert lookups(postmaster.store) == {}
    # What is due is asked for by a later run, though that stores nothing.
    third = postmaster.ingest(nameservers=[dns.nameserver])
    assert (third.json["stored"], third.err) == (0, "")
    assert lookups(postmaster.store)[HOST] == ("found", "o1.sendgrid.net", True)


def test_at_a_terminal_it_says_what_came_of_it(
    postmaster: Postmaster, dns: Dns, tmp_path: Path
) -> None:
    environment = {
        "RUA_DNS__OFFLINE": "false",
        "RUA_DNS__NAMESERVERS": json.dumps([dns.nameserver]),
    }
    at = Terminal(tmp_path, "ingest", postmaster.file, **environment)
    at.expect(SAID)
    assert at.end() == 0


def test_dns_that_is_dead_fails_no_run(postmaster: Postmaster) -> None:
    postmaster.file.write_text(report({f"192.0.2.{number}": 1 for number in range(30)}))
    with silent_port() as dead:
        done = postmaster.ingest(nameservers=[dead], timeout=0.3)
    assert (done.code, done.json["stored"]) == (0, 1)
    assert "; DNS does not answer" in done.line
    assert rows(postmaster.store, "select count(*) from dmarc_report") == [(1,)]


def test_a_store_that_is_held_fails_no_run(postmaster: Postmaster, dns: Dns) -> None:
    """The reports are in by then: the names come with the next run."""
    assert postmaster.ingest(offline=True).code == 0
    said: list[str] = []
    store = Store(postmaster.store, lock_timeout=0)

    class Late(Writer):
        def write_names(self, answers: Sequence[PtrAnswer]) -> None:
            with Store(postmaster.store).write():
                super().write_names(answers)

    table = keys.Dns(nameservers=(dns.nameserver,))
    name_sources(store, Late(store), table, said.append)
    assert len(said) == 1
    assert "the host names were not stored" in said[0]


def test_what_was_asked_before_an_interrupt_is_kept(
    postmaster: Postmaster, dns: Dns, tmp_path: Path
) -> None:
    asked: list[bytes] = []

    def drops(wire: bytes) -> bool:
        asked.append(wire)
        return b"\x014\x012\x010" in wire  # 192.0.2.4

    with dns_that_drops(drops, dns.nameserver) as way:
        table = f"[dns]\nnameservers = ['{way}']\ntimeout = 10"
        config = settings(tmp_path, table)
        process = start("--config", config, "ingest", postmaster.file, offline=False)
        end = time.monotonic() + 30
        while len(asked) < 6 and time.monotonic() < end:  # four PTR, two A
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        done = finish(process)
    assert done.code == 130
    assert set(lookups(postmaster.store)) == {HOST, LIAR, BROKEN}


def test_a_watch_names_what_has_come(tmp_path: Path, imap_user: User, dns: Dns) -> None:
    table = f"[dns]\nnameservers = ['{dns.nameserver}']"
    config = settings(tmp_path, imap_user.toml(authserv_id="mx.example.com"), table)
    imap_user.deliver([make_report_mail(0).raw])
    process = start("--config", config, "ingest", "--watch", offline=False)
    try:
        end = time.monotonic() + 30
        while not dns.asked().get("PTR") and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        done = finish(process)
    finally:
        process.kill()
    assert done.code == 0
    assert done.line.startswith("rua: host names looked up for ")
    addresses = rows(tmp_path / "rua.duckdb", "select count(*) from address")[0][0]
    assert len(lookups(tmp_path / "rua.duckdb")) == addresses > 0


# The demo


def test_a_demo_asks_nothing(demo: Demo, dns: Dns, tmp_path: Path) -> None:
    config = demo.folder / "rua.toml"
    words = ("--config", config, "--store", tmp_path / "rua.duckdb", "ingest")
    mails = sorted((demo.folder / "mails").iterdir())[:20]
    env = {"RUA_DNS__NAMESERVERS": json.dumps([dns.nameserver])}
    done = run(*words, *mails, env=env, offline=False)
    assert (done.code, done.err) == (0, "")
    assert dns.asked() == {}


def test_a_demo_can_be_given_its_names(demo: Demo, dns: Dns, tmp_path: Path) -> None:
    store = tmp_path / "rua.duckdb"
    shutil.copy(demo.store, store)
    names = demo.truth["ptr"]
    dns.add(reverse_zones(names))
    table = keys.Dns(nameservers=(dns.nameserver,))
    name_sources(Store(store), Writer(Store(store)), table, lambda text: None)
    found = {ip: name for ip, (outcome, name, _) in lookups(store).items() if outcome == "found"}
    met = {ip for (ip,) in rows(store, "select source_ip from address")}
    assert found == {ip: name for ip, name in names.items() if ip in met}
    assert len(found) > 100
