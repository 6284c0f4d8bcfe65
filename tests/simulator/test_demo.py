"""The demo mailbox: deterministic, of every kind, and with sums that equal its truth."""

import email
import email.policy
import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.demo import write_demo
from tests.support.paths import ROOT
from tests.support.stores.demo_mailbox import (
    UNTIL,
    VERDICTS,
    Demo,
    document,
    leaves,
    load,
    shared_demo,
)


@pytest.fixture
def demo() -> Demo:
    return shared_demo()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# What is written, and that it is the same each time.


def test_the_same_arguments_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    write_demo(tmp_path / "one", days=5, until=UNTIL)
    code = (
        "import sys; from datetime import date; from pathlib import Path;"
        "from ingest.demo import write_demo;"
        "write_demo(Path(sys.argv[1]), days=5, until=date.fromisoformat(sys.argv[2]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo"}
    root = ROOT
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "two"), UNTIL.isoformat()],
        check=True,
        cwd=root,
        env={**environment, "PYTHONPATH": str(root)},
    )
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_further_days_leave_the_other_days_mails_as_they_were(tmp_path: Path) -> None:
    write_demo(tmp_path / "short", days=3, until=UNTIL)
    write_demo(tmp_path / "long", days=5, until=UNTIL)
    short, long = load(tmp_path / "short"), load(tmp_path / "long")
    longer = {long.raw(mail) for mail in long.truth["mails"]}
    weekly = "Northgate Insurance SEG"  # a longer run sees more of its week
    lost = [
        mail["file"]
        for mail in short.truth["mails"]
        if short.raw(mail) not in longer and mail.get("reporter") != weekly
    ]
    assert lost == []


def test_another_seed_gives_other_traffic(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_demo(tmp_path / str(seed), days=1, seed=seed, until=UNTIL)
    assert contents(tmp_path / "1") != contents(tmp_path / "2")


def test_an_earlier_demo_is_replaced(tmp_path: Path) -> None:
    write_demo(tmp_path, days=2, until=UNTIL)
    write_demo(tmp_path, days=1, until=UNTIL)
    summary = write_demo(tmp_path, days=1, until=UNTIL)
    assert len(list((tmp_path / "mails").iterdir())) == summary.mails


@pytest.mark.parametrize("name", ["letter.txt", "rua.duckdb", "mails"])
def test_a_folder_with_anything_else_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir() if name == "mails" else (tmp_path / name).write_text("mine")
    with pytest.raises(ValueError, match=name):
        write_demo(tmp_path, days=1, until=UNTIL)
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_a_stranger_among_the_mails_of_an_earlier_demo_is_refused(tmp_path: Path) -> None:
    write_demo(tmp_path, days=1, until=UNTIL)
    (tmp_path / "mails" / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"mails/mine\.txt"):
        write_demo(tmp_path, days=1, until=UNTIL)


def test_no_day_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one day or more"):
        write_demo(tmp_path, days=0, until=UNTIL)


# The mailbox.


def test_files_sort_by_arrival_and_bear_its_time(demo: Demo) -> None:
    arrivals = [mail["arrived"] for mail in demo.truth["mails"]]
    assert arrivals == sorted(arrivals)
    assert [mail["file"] for mail in demo.truth["mails"]] == list(demo.files)
    for mail in demo.truth["mails"][::97]:
        arrived = datetime.fromisoformat(mail["arrived"]).timestamp()
        assert demo.files[mail["file"]][1] == arrived
    assert arrivals[-1] < (UNTIL + timedelta(days=1)).isoformat()


def test_every_mail_is_crlf_and_has_the_headers_of_mail(demo: Demo) -> None:
    wanted = ("Received", "From", "To", "Subject", "Message-ID", "Date", "Authentication-Results")
    ids: Counter[str] = Counter()
    for mail in demo.truth["mails"]:
        raw = demo.raw(mail)
        assert raw.count(b"\n") == raw.count(b"\r\n"), mail["file"]
        message = email.message_from_bytes(raw)
        assert all(message[name] for name in wanted), mail["file"]
        assert message["DKIM-Signature"] is None
        assert message["Authentication-Results"].startswith(demo.truth["authserv_id"] + ";")
        ids[message["Message-ID"]] += 1
    assert max(ids.values()) == 1


def test_subjects_of_reports_have_the_shape_of_the_rfc(demo: Demo) -> None:
    for mail in demo.mails("report")[::11]:
        message = email.message_from_bytes(demo.raw(mail), policy=email.policy.default)
        subject = message["Subject"].lower()
        assert f"report domain: {mail['policy_domain']}" in subject.replace(";", " ")
        assert mail["report_id"].lower() in subject


def test_every_kind_of_mail_is_present(demo: Demo) -> None:
    kinds = {"report", "tls", "ordinary", "broken", "placeholder", "duplicate"}
    assert set(demo.truth["totals"]["mails"]) == kinds


def test_a_broken_mail_cannot_be_opened_and_its_report_follows(demo: Demo) -> None:
    for mail in demo.mails("broken"):
        with pytest.raises(EOFError):
            gzip.decompress(next(leaves(demo.raw(mail))))
        later = [each for each in demo.mails("report") if each["report_id"] == mail["report_id"]]
        assert len(later) == 1
        assert later[0]["arrived"] > mail["arrived"]


def test_a_placeholder_says_unused(demo: Demo) -> None:
    for mail in demo.mails("placeholder"):
        assert list(leaves(demo.raw(mail))) == [b"unused"]


def test_a_duplicate_holds_the_bytes_of_its_first(demo: Demo) -> None:
    first = {(each["reporter"], each["report_id"]): each for each in demo.mails("report")}
    for mail in demo.mails("duplicate"):
        one = first[mail["reporter"], mail["report_id"]]
        assert document(demo.raw(one), b"<?xml") == document(demo.raw(mail), b"<?xml")


# The truth against the mails.


def test_sums_by_source_equal_the_truth(demo: Demo) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    aligned: Counter[tuple[str, str]] = Counter()
    days: dict[tuple[str, str], set[str]] = {}
    for report in demo.reports:
        domain = report.text("policy_published/domain")
        for record in report.records:
            key = domain, str(record.findtext("row/source_ip"))
            count = int(str(record.findtext("row/count")))
            results = [record.findtext(f"row/policy_evaluated/{kind}") for kind in ("dkim", "spf")]
            seen[key] += count
            aligned[key] += count * ("pass" in [str(each).lower() for each in results])
            days.setdefault(key, set()).add(report.day)
    told = {(each["domain"], each["source_ip"]): each for each in demo.truth["sources"]}
    assert {key: each["messages"] for key, each in told.items()} == dict(seen)
    assert {key: each["aligned"] for key, each in told.items()} == dict(aligned)
    assert {key: (each["first_day"], each["last_day"]) for key, each in told.items()} == {
        key: (min(each), max(each)) for key, each in days.items()
    }


def test_sums_by_day_and_in_total_equal_the_truth(demo: Demo) -> None:
    seen: dict[str, Counter[str]] = {}
    for report in demo.reports:
        count = sum(int(str(record.findtext("row/count"))) for record in report.records)
        seen.setdefault(report.text("policy_published/domain"), Counter())[report.day] += count
    totals = demo.truth["totals"]
    assert totals["by_day"] == {domain: dict(days) for domain, days in seen.items()}
    assert totals["messages"] == sum(sum(days.values()) for days in seen.values())
    assert totals["records"] == sum(len(report.records) for report in demo.reports)
    by_source = {
        domain: {day: sum(services.values()) for day, services in days.items()}
        for domain, days in totals["by_source"].items()
    }
    assert by_source == totals["by_day"]


def test_what_the_truth_says_of_a_report_is_in_it(demo: Demo) -> None:
    for mail, report in zip(demo.mails("report"), demo.reports, strict=True):
        assert mail["reporter"] == report.text("report_metadata/org_name")
        assert mail["report_id"] == report.text("report_metadata/report_id")
        assert mail["policy_domain"] == report.text("policy_published/domain")
        assert mail["records"] == len(report.records)
        assert str(mail["begin"]) == report.text("report_metadata/date_range/begin")
        assert str(mail["end"]) == report.text("report_metadata/date_range/end")


def test_identities_are_unique(demo: Demo) -> None:
    keys = ("reporter", "policy_domain", "report_id", "begin", "end")
    found = Counter(tuple(mail[key] for key in keys) for mail in demo.mails("report"))
    assert max(found.values()) == 1


def test_tls_sessions_equal_the_truth(demo: Demo) -> None:
    for mail in demo.mails("tls"):
        report = json.loads(document(demo.raw(mail), b"{"))
        sums = {
            each["policy"]["policy-type"]: each["summary"]["total-successful-session-count"]
            for each in report["policies"]
        }
        failed = {
            each["policy"]["policy-type"]: each["summary"]["total-failure-session-count"]
            for each in report["policies"]
        }
        assert (sums, failed) == (mail["successful"], mail["failed"])


def test_tls_failures_and_habits_are_there(demo: Demo) -> None:
    reports = [json.loads(document(demo.raw(mail), b"{")) for mail in demo.mails("tls")]
    kinds = {
        (report["organization-name"], detail["result-type"])
        for report in reports
        for policy in report["policies"]
        for detail in policy.get("failure-details", ())
    }
    assert {kind for _, kind in kinds} == {"certificate-expired", "sts-policy-fetch-error"}
    text: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("Google Inc.", "Microsoft Corporation", "Mail.ru")
    }
    for report in reports:
        text[report["organization-name"]].append(report)
    types = [[each["policy"]["policy-type"] for each in report["policies"]] for report in reports]
    assert ["sts", "tlsa"] in types
    assert not text["Microsoft Corporation"][0]["date-range"]["end-datetime"].endswith("Z")
    assert text["Mail.ru"][0]["date-range"]["end-datetime"].endswith("T00:00:00Z")
    assert "policy-string" not in text["Mail.ru"][0]["policies"][0]["policy"]


# The stories.


def test_every_class_is_present(demo: Demo) -> None:
    found = {each["class"] for each in demo.truth["sources"]}
    assert found == {"own", "broken", "forwarder", "list", "spoof", "undecided"}


def test_every_domain_has_stages_and_a_verdict(demo: Demo) -> None:
    domains = demo.truth["domains"]
    assert len(domains) >= 10
    assert {each["verdict"] for each in domains.values()} == VERDICTS
    for name, each in domains.items():
        assert name.endswith((".example", ".test")) or name in (
            "example.com",
            "example.net",
            "example.org",
        )
        assert each["stages"]
        assert each["reason"]
        dates = [stage["since"] for stage in each["stages"]]
        assert dates == sorted(set(dates))
        assert bool(each["target"]) == (each["verdict"] == "advance")


def test_published_policies_follow_the_stages(demo: Demo) -> None:
    for report in demo.reports:
        domain = demo.truth["domains"][report.text("policy_published/domain")]
        begin, end = (int(report.text(f"report_metadata/date_range/{e}")) for e in ("begin", "end"))
        first, last = (
            datetime.fromtimestamp(at, UTC).date().isoformat() for at in (begin, end - 1)
        )
        stages = [stage for stage in domain["stages"] if stage["since"] <= last]
        policies = [
            stage["policy"] for stage in stages if stage is stages[-1] or first < stage["since"]
        ]
        assert report.text("policy_published/p") in {policy["p"] for policy in policies}


def test_the_own_source_that_broke_says_since_when(demo: Demo) -> None:
    broken = [each for each in demo.truth["sources"] if each["domain"] == "tallship.example"]
    days = {each["broken_since"] for each in broken if each["class"] == "broken"}
    assert min(day for day in days if day) == (UNTIL - timedelta(days=4)).isoformat()


def test_domains_that_ought_to_advance_pass_and_others_do_not(demo: Demo) -> None:
    legitimate: Counter[str] = Counter()
    passing: Counter[str] = Counter()
    for each in demo.truth["sources"]:
        if each["class"] in ("own", "broken"):
            legitimate[each["domain"]] += each["messages"]
            passing[each["domain"]] += each["aligned"]
    for name, domain in demo.truth["domains"].items():
        if domain["verdict"] in ("advance", "done") and legitimate[name]:
            assert passing[name] / legitimate[name] > 0.995, name
    rate = passing["lantern-energy.example"] / legitimate["lantern-energy.example"]
    assert 0.99 < rate < 1  # a biller that a pass rate would hide


def test_the_settings_name_every_domain_and_no_mailbox(demo: Demo) -> None:
    assert demo.settings["store"] == "rua.duckdb"
    assert set(demo.settings["domains"]) == set(demo.truth["domains"])
    assert demo.settings["domains"]["harbour-group.example"]["parked"] is True
    assert "mailbox" not in demo.settings


def test_hosts_with_a_name_have_it_below_their_service(demo: Demo) -> None:
    named = demo.truth["ptr"]
    services = {row["source_ip"]: row["service"] for row in demo.truth["sources"]}
    assert all(
        name.endswith(".amazonses.com")
        for ip, name in named.items()
        if services[ip] == "amazon-ses"
    )
    assert not [
        ip for ip, service in services.items() if service == "office-printer" and ip in named
    ]
