"""One CSV writer: a screen, a command and the weekly report save the same rows as the same text."""

import csv
import io
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
import streamlit

from tests.conftest import RUA, Rua, clean_environment
from tests.support.mails.report_documents import Report, store_of
from tests.support.screens.opened_app import Open

MONDAY = date(2026, 11, 16)
SUNDAY = MONDAY + timedelta(days=6)
AFTER = SUNDAY + timedelta(days=1)
LONG = "=" + "a reporter with a long name " * 30
SHARED = ("domain", "source", "class", "messages", "aligned", "first_seen", "last_seen", "country")
REPORTS = (
    *("id", "kind", "authenticity", "day", "reporter", "report_id"),
    *("records", "messages"),
)
SENDGRID = "149.72.133.8"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    days = [MONDAY + timedelta(days=n) for n in range(7)]
    reports = [Report(day, reporter=LONG, count=9) for day in days]
    reports += [Report(day, source_ip=SENDGRID, count=3, aligned=False) for day in days]
    return store_of(reports, tmp_path / "s")


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The files that a screen offers, by name."""
    files: dict[str, str] = {}

    def keep(label: str, data: Callable[[], str], file_name: str, *_: object, **__: object) -> None:
        files[file_name] = data()

    monkeypatch.setattr(streamlit, "download_button", keep)
    return files


def printed(rua: Rua, *words: str | Path) -> str:
    """What the command writes, byte for byte."""
    done = subprocess.run(
        [RUA, *words, "--format", "csv"],
        cwd=rua.folder,
        env=clean_environment(rua.folder),
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


def columns(text: str, names: tuple[str, ...]) -> list[list[str]]:
    """Some columns of a file, whose headers have spaces or underscores."""
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return sorted(
        [{key.replace(" ", "_"): value for key, value in row.items()}[name] for name in names]
        for row in rows
    )


def test_a_screen_saves_reports_as_the_command_prints_them(
    store: Path, app_on: Open, saved: dict[str, str], rua: Rua
) -> None:
    app_on(store, screen="reports", days="7", until=SUNDAY.isoformat())
    days = ("--since", str(MONDAY), "--until", str(SUNDAY), "--as-of", str(AFTER))
    command = printed(rua, "--store", store, "reports", *days)
    assert columns(saved["reports.csv"], REPORTS) == columns(command, REPORTS)
    assert f"'{LONG.strip()}" in command  # whole, and no formula
    assert "T23:59:59Z" in saved["reports.csv"]  # with seconds
    for text in (saved["reports.csv"], command):
        assert text.count("\r\n") == text.count("\n") == 15


def test_a_screen_a_command_and_the_week_save_the_same_sources(
    store: Path, app_on: Open, saved: dict[str, str], rua: Rua
) -> None:
    app_on(store, screen="sources", days="7", until=SUNDAY.isoformat())
    days = ("--since", str(MONDAY), "--until", str(SUNDAY), "--as-of", str(AFTER))
    command = printed(rua, "--store", store, "sources", "--by", "source", *days)
    rua.json(
        "--store", store, "weekly", "--out", "out", "--week", "2026-W47", "--as-of", str(AFTER)
    )
    (file,) = (rua.folder / "out").rglob("sources.csv")
    week = file.read_bytes().decode()
    assert columns(saved["services.csv"], SHARED) == columns(command, SHARED)
    assert columns(week, SHARED) == columns(command, SHARED)
    assert len(columns(command, SHARED)) == 2
    for text in (saved["services.csv"], command, week):
        assert text.count("\r\n") == text.count("\n") == 3
