"""The command line's contract: keys, formats, exit codes, help, and what it does not load."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dashboards.cli.main import COMMANDS, LazyGroup, main
from dashboards.cli.main import rua as root
from tests.conftest import RUA, Demo, Rua, clean_environment
from tests.support.paths import README

INGEST = "messages documents stored duplicate conflict refused ignored records seconds"
DOMAINS = """domain configured published reports messages aligned legitimate legitimate_aligned
interval undecided_sources last_report verdict"""
SOURCES = """domain source_ip source class decided_by messages aligned dkim_aligned spf_aligned
first_seen last_seen country asn as_name reason"""
DAYS = ("--as-of", "2026-11-01")


def keys(text: str) -> set[str]:
    return set(text.split())


def test_ingest_counts_add_up(demo: Demo) -> None:
    counts = demo.counts
    assert keys(INGEST) <= counts.keys()
    parts = ("stored", "duplicate", "conflict", "refused")
    assert counts["documents"] == sum(counts[part] for part in parts)


def test_the_demo_is_read_as_it_was_made(demo: Demo, rua: Rua) -> None:
    kinds = demo.truth["totals"]["mails"]
    assert demo.counts["messages"] == sum(kinds.values())
    assert demo.counts["stored"] == kinds["report"] + kinds["tls"]
    assert demo.counts["duplicate"] == kinds["duplicate"]
    assert demo.counts["refused"] == kinds["broken"]
    assert demo.counts["ignored"] == kinds["placeholder"]
    assert demo.counts["records"] == demo.truth["totals"]["records"]
    sums = """
        select policy_domain, day, sum(message_count) as messages
        from dmarc_message
        group by policy_domain, day
    """
    found: dict[str, dict[str, int]] = {}
    for row in rua.json(*demo.flags(), "sql", sums):
        found.setdefault(row["policy_domain"], {})[row["day"]] = int(row["messages"])
    truth = demo.truth["totals"]["by_day"]
    assert found == {domain: days for domain, days in truth.items() if days}


def test_domains_answers_with_the_promised_keys(demo: Demo, rua: Rua) -> None:
    rows = rua.json(*demo.flags(), "domains", *DAYS)
    assert rows
    for row in rows:
        assert keys(DOMAINS) <= row.keys()
        assert row["configured"] is True
        assert row["legitimate_aligned"] <= row["legitimate"] <= row["messages"]
        low, high = row["interval"] or (0, 1)
        assert 0 <= low <= high <= 1


def test_sources_by_ip_and_by_source_tell_the_same_messages(demo: Demo, rua: Rua) -> None:
    by_ip = rua.json(*demo.flags(), "sources", *DAYS)
    by_source = rua.json(*demo.flags(), "sources", "--by", "source", *DAYS)
    assert all(keys(SOURCES) <= row.keys() for row in [*by_ip, *by_source])
    assert sum(r["messages"] for r in by_ip) == sum(r["messages"] for r in by_source)
    for row in by_source:
        assert row["source_ip"] is None
        assert sum(row["classes"].values()) == row["messages"]
    assert sum(row["source_ips"] for row in by_source) == len(by_ip)


def test_domains_and_sources_count_alike(demo: Demo, rua: Rua) -> None:
    domains = rua.json(*demo.flags(), "domains", *DAYS)
    sources = rua.json(*demo.flags(), "sources", *DAYS)
    for row in domains:
        mine = [source for source in sources if source["domain"] == row["domain"]]
        assert sum(source["messages"] for source in mine) == row["messages"]
        assert sum(source["aligned"] for source in mine) == row["aligned"]
        undecided = sum(source["class"] == "undecided" for source in mine)
        assert undecided == row["undecided_sources"]


def test_as_of_and_days_bound_what_is_seen(demo: Demo, rua: Rua) -> None:
    rows = rua.json(*demo.flags(), "reports", "--as-of", "2026-10-28", "--days", "3")
    assert rows
    assert {row["day"] for row in rows} <= {"2026-10-26", "2026-10-27", "2026-10-28"}


def test_status_tells_freshness_and_reporters(demo: Demo, rua: Rua) -> None:
    status = rua.json(*demo.flags(), "status", *DAYS)
    assert status["state"] == "alive"
    assert status["store_bytes"] > 0
    assert {row["reporter"] for row in status["reporters"]} >= {"google.com", "yahoo"}
    assert status["runs"][0]["finished_at"] is not None
    silent = rua.json(*demo.flags(), "status", "--as-of", "2026-11-20")
    assert silent["state"] == "silent"
    assert any(row["is_missing"] for row in silent["reporters"])


def test_show_leads_from_a_report_to_its_document(demo: Demo, rua: Rua) -> None:
    report = next(r for r in rua.json(*demo.flags(), "reports", *DAYS) if r["kind"] == "dmarc")
    shown = rua.json(*demo.flags(), "show", report["id"])
    assert len(shown["contents"]) == report["records"]
    assert shown["deliveries"][0]["message_id"]
    raw = rua(*demo.flags(), "show", str(report["id"]), "--raw")
    assert "<feedback" in raw.stdout


@pytest.mark.parametrize("output", ["table", "csv", "json"])
@pytest.mark.parametrize(
    "command", ["status", "domains", "sources", "reports", "quarantine list", "show 1"]
)
def test_every_reading_command_prints_every_format(
    demo: Demo, rua: Rua, command: str, output: str
) -> None:
    done = rua(*demo.flags(), *command.split(), "--format", output)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    if output == "json":
        json.loads(done.stdout)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("nonsense",), 2, "No such command"),
        (("domains", "--days", "0"), 2, "--days"),
        (("domains", "--since", "2026-02-01", "--until", "2026-01-01"), 2, "first day"),
        (("show", "999999"), 2, "no document 999999"),
        (("sql", "drop table document"), 2, "only SELECT is allowed"),
        (("sql", "copy (select 1) to 'x.csv'"), 2, "only SELECT is allowed"),
        (("sql", "select * from read_text('/etc/hostname')"), 2, "disabled by configuration"),
        (("sql", "select 1; select 2"), 2, "one statement"),
        (("sql", "set enable_external_access = true"), 2, "only SELECT is allowed"),
        (("ingest", "no/such/path"), 3, "no/such/path"),
    ],
)
def test_mistakes_end_with_their_code_and_one_clear_line(
    demo: Demo, rua: Rua, words: tuple[str, ...], code: int, says: str
) -> None:
    done = rua(*demo.flags(), *words)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_store_the_commands_say_what_to_do(rua: Rua) -> None:
    done = rua("domains")
    assert done.returncode == 4
    assert "run rua ingest first" in done.stderr
    assert not (rua.folder / "rua.duckdb").exists()


def test_strict_ends_with_one_when_something_was_refused(rua: Rua) -> None:
    (rua.folder / "bad.xml").write_text("<feedback><report_metadata/></feedback>")
    done = rua("--store", "my reports.duckdb", "ingest", "bad.xml")
    assert done.returncode == 0
    hint = done.stderr.partition("and why: ")[2].strip()
    assert hint == "rua --store 'my reports.duckdb' quarantine list"
    assert "malformed" in rua(*shlex.split(hint)[1:]).stdout
    assert rua("ingest", "--strict", "bad.xml").returncode == 1


def test_a_hostile_report_cannot_drive_terminal_or_spreadsheet(rua: Rua) -> None:
    hostile = "=cmd|' /C calc'!A1\x9b2J\u202e"
    (rua.folder / "r.xml").write_text(
        f"""<feedback><report_metadata><org_name>{hostile}</org_name><report_id>1</report_id>
        <date_range><begin>1793000000</begin><end>1793086400</end></date_range></report_metadata>
        <policy_published><domain>example.com</domain></policy_published></feedback>"""
    )
    rua("ingest", "r.xml")
    days = ("--as-of", "2026-10-28")
    assert len(rua.json("reports", *days)) == 1
    table, as_csv = rua("reports", *days).stdout, rua("reports", *days, "--format", "csv").stdout
    for printed in (table, as_csv):
        assert "\x9b" not in printed
        assert "\u202e" not in printed
    assert ",'=cmd" in as_csv


def test_help_is_a_sentence_and_an_example() -> None:
    group = root
    assert isinstance(group, LazyGroup)
    for name in COMMANDS:
        command = group.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert command.help
        assert re.search(rf"^\s*rua .*{name}", command.help, re.MULTILINE), name


def test_every_command_stands_in_the_readme() -> None:
    text = README.read_text()
    assert [name for name in COMMANDS if f"rua {name}" not in text] == []


def test_what_nobody_foresaw_is_an_internal_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(self: LazyGroup, context: object, name: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(LazyGroup, "get_command", broken)
    assert main(["domains"]) == 70
    assert "internal error" in capsys.readouterr().err


HEAVY = (
    *("streamlit", "altair", "pandas", "parsedmarc", "imapclient"),
    *("weasyprint", "xlsxwriter", "jinja2"),
)


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (["--help"], ()),
        (["ingest", "one.xml"], ("pandas",)),  # pyarrow imports it to build its first array
        (["domains"], ()),
        (["dashboard", "--help"], ()),
        (["weekly", "--help"], ("jinja2",)),
    ],
)
def test_nothing_heavy_loads_where_it_is_not_used(
    tmp_path: Path, words: list[str], allowed: tuple[str, ...]
) -> None:
    (tmp_path / "one.xml").write_text("<feedback/>")
    program = (
        "import sys; from dashboards.cli.main import main; main(sys.argv[1:]);"
        "print('\\nLOADED', *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert "click" in loaded
    assert loaded & set(HEAVY) <= set(allowed)


def test_the_version_is_said() -> None:
    done = subprocess.run([RUA, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("rua ")


@pytest.mark.parametrize("words", [("domains", *DAYS, "--format", "csv"), ("show", "x"), ("tsl",)])
def test_the_installed_command_is_what_the_tests_fork(
    demo: Demo, rua: Rua, words: tuple[str, ...]
) -> None:
    installed = subprocess.run(
        [RUA, *demo.flags(), *words],
        cwd=rua.folder,
        env=clean_environment(rua.folder),
        capture_output=True,
        text=True,
        check=False,
    )
    forked = rua(*demo.flags(), *words)
    assert (forked.returncode, forked.stdout) == (installed.returncode, installed.stdout)
    assert forked.stderr == installed.stderr


def test_ctrl_c_ends_a_question_that_takes_for_ever(rua: Rua) -> None:
    (rua.folder / "r.xml").write_text("<feedback/>")
    rua("ingest", "r.xml")
    question = "select count(*) from range(10000000000) a, range(100000) b"
    with subprocess.Popen(
        [RUA, "sql", question, "--format", "csv"], cwd=rua.folder, stdout=subprocess.PIPE
    ) as process:
        time.sleep(3)  # it computes by now; earlier, the end is the same
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b"")


# The main thread takes no signal, so that the kernel gives it to another, as it may do anyway.
TAKEN_BY_ANOTHER = """
import signal, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
submit = ThreadPoolExecutor.submit
def told(self, act):
    Path("asked").touch()
    return submit(self, act)
ThreadPoolExecutor.submit = told
threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
"""


def test_a_ctrl_c_that_another_thread_takes_ends_a_question(rua: Rua) -> None:
    (rua.folder / "r.xml").write_text("<feedback/>")
    rua("ingest", "r.xml")
    (rua.folder / "sitecustomize.py").write_text(TAKEN_BY_ANOTHER)
    question = "select count(*) from range(10000000000) a, range(100000) b"
    with subprocess.Popen(
        [RUA, "sql", question, "--format", "csv"],
        cwd=rua.folder,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(rua.folder)},
    ) as process:
        while process.poll() is None and not (rua.folder / "asked").exists():
            time.sleep(0.1)
        time.sleep(1)  # it waits by now; earlier, the end is the same
        process.send_signal(signal.SIGINT)
        try:
            out, _ = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, out) == (130, b"")


def test_a_question_of_many_rows_is_answered_as_it_is_computed(rua: Rua) -> None:
    (rua.folder / "r.xml").write_text("<feedback/>")
    rua("ingest", "r.xml")
    rows = rua.json("sql", "select range as n, 'x' as word from range(12000)")
    assert rows == [{"n": n, "word": "x"} for n in range(12000)]
    assert rua.json("sql", "select 1 where false") == []
    done = rua("sql", "select range as n from range(12000)")
    assert len(done.stdout.splitlines()) == 10_001
    assert "only the first 10000 rows are shown" in done.stderr


def test_a_missing_path_does_not_hold_up_the_others(rua: Rua) -> None:
    (rua.folder / "r.xml").write_text("<feedback/>")
    done = rua("ingest", "nope.xml", "r.xml", "--format", "json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["documents"] == 1
    assert re.fullmatch(r"rua: nope.xml: there is no such file.*\n", done.stderr)
