"""`rua tls`: sessions, failures and remedies, in every format, whatever the reports hold."""

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.conftest import Demo, Rua
from tests.support.mails.tls_documents import Said, policy, store_of

DAY = date(2026, 11, 19)
AS_OF = ("--as-of", "2026-11-20")
KEYS = {"domain", "policy_type", "successful", "failed", "failures", "verdict", "reason"}
FAILURE_KEYS = {"result_type", "mx", "count", "remedy"}
ESCAPE = "\x1b]0;owned\x07\x9b2J\u202e"
HOSTILE = {
    "result-type": f"=cmd|' /C calc'!A1{ESCAPE}",
    "receiving-mx-hostname": f"<script>alert(1)</script>{ESCAPE}",
    "sending-mta-ip": f"[click](javascript:alert(1)){ESCAPE}",
    "failure-reason-code": f"-2+3\n{ESCAPE}",
    "failed-session-count": 2,
}
EXPIRED = {
    "result-type": "certificate-expired",
    "receiving-mx-hostname": "mx.example.com",
    "sending-mta-ip": "192.0.2.7",
    "failed-session-count": 4,
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    reports = [
        Said(DAY, [policy(10, 5, EXPIRED, mode="testing")]),
        Said(DAY - timedelta(days=1), [policy(20, 3, EXPIRED)]),
        Said(DAY, [policy(7, 2, HOSTILE, domain="hostile.example")], f"=1+1{ESCAPE}"),
    ]
    return store_of(reports, tmp_path_factory.mktemp("tls") / "s")


def test_the_promised_keys(rua: Rua, store: Path) -> None:
    (row,) = rua.json("--store", store, "tls", "Example.COM.", *AS_OF)
    assert row.keys() >= KEYS
    assert (row["domain"], row["policy_type"]) == ("example.com", "sts")
    assert (row["successful"], row["failed"], row["mode"]) == (30, 8, "testing")
    (failure,) = row["failures"]
    assert failure.keys() >= FAILURE_KEYS
    assert (failure["result_type"], failure["mx"]) == ("certificate-expired", "mx.example.com")
    assert failure["count"] == 8
    assert "Renew the certificate of mx.example.com" in failure["remedy"]
    assert rua.json("--store", store, "tls", "--domain", "example.com", *AS_OF) == [row]


def test_a_domain_is_named_once(rua: Rua, store: Path) -> None:
    done = rua("--store", store, "tls", "example.com", "--domain", "example.com")
    assert done.returncode == 2
    assert "give one of them" in done.stderr


def test_the_table_tells_the_remedy_and_what_is_not_known(rua: Rua, store: Path) -> None:
    done = rua("--store", store, "tls", "example.com", *AS_OF)
    assert "The mail server's certificate has expired." in done.stdout
    assert "remedy: Renew the certificate of mx.example.com" in done.stdout
    assert "no reason is reported for 1 of 8 failed sessions" in done.stdout
    assert "the details count 1 session more than failed" in done.stdout
    assert "2 of 2 reports are unverified" in done.stdout


def test_by_failure_and_by_day(rua: Rua, store: Path) -> None:
    (row,) = rua.json("--store", store, "tls", "example.com", "--by", "failure", *AS_OF)
    assert (row["sender"], row["reporter"], row["count"]) == ("192.0.2.7", "receiver.example", 8)
    days = rua.json("--store", store, "tls", "example.com", "--by", "day", *AS_OF)
    assert [(each["day"], each["successful"], each["failed"]) for each in days] == [
        ("2026-11-18", 20, 3),
        ("2026-11-19", 10, 5),
    ]
    narrow = ("--since", "2026-11-19", "--until", "2026-11-19", *AS_OF)
    assert rua.json("--store", store, "tls", "example.com", "--by", "day", *narrow) == days[1:]


@pytest.mark.parametrize("by", ["policy", "failure", "day"])
@pytest.mark.parametrize("output", ["table", "csv", "json"])
def test_no_report_drives_terminal_or_spreadsheet(
    rua: Rua, store: Path, by: str, output: str
) -> None:
    done = rua("--store", store, "tls", "--by", by, "--format", output, *AS_OF)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(done.stdout)
    if output == "json":
        json.loads(done.stdout)
    if output == "csv":
        cells = [cell for line in csv.reader(io.StringIO(done.stdout)) for cell in line]
        assert not [cell for cell in cells if cell.startswith(("=", "-", "+", "@"))]


def test_without_tls_reports_it_says_how_they_come(rua: Rua, store: Path) -> None:
    done = rua("--store", store, "tls", "nobody.example", *AS_OF)
    assert (done.returncode, done.stdout) == (0, "")
    assert "_smtp._tls" in done.stderr
    assert rua.json("--store", store, "tls", "nobody.example", *AS_OF) == []


def test_domains_that_are_not_in_the_settings_stand_last_and_are_said(
    rua: Rua, store: Path
) -> None:
    (rua.folder / "rua.toml").write_text('[domains."hostile.example"]\n')
    rows = rua.json("--store", store, "tls", *AS_OF)
    assert [(row["domain"], row["configured"]) for row in rows] == [
        ("hostile.example", True),
        ("example.com", False),
    ]
    assert "Not in the settings: example.com." in rua("--store", store, "tls", *AS_OF).stdout


def test_the_demo_is_told_by_both_policies(demo: Demo, rua: Rua) -> None:
    rows = rua.json(*demo.flags(), "tls", "--as-of", "2026-11-01")
    assert {row["policy_type"] for row in rows} == {"sts", "tlsa"}
    assert all(row["configured"] and row["successful"] for row in rows)
