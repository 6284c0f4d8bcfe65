"""Answers kept of the demo are those that would be given anew."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import analytics.query.result_cache
import analytics.query.run
from analytics.query.question import Question
from analytics.query.window import Window
from analytics.sources.classification import by_domain
from schemas.store.store import Connection, Store
from tests.conftest import DEMO_UNTIL, Demo
from tests.support.stores.all_questions import Recorded, everything_asked
from tests.support.stores.two_groups import TwoGroups, two_groups
from tests.unit.analytics.query.test_result_cache import files, makes, named_in_calls


def test_of_one_domain_it_is_what_is_kept_of_all(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row of every question that is taken from the whole, against the question itself."""
    for name in ("kept", "plain"):
        shutil.copy(demo.store, tmp_path / f"{name}.duckdb")
    kept, plain = Store(tmp_path / "kept.duckdb"), Store(tmp_path / "plain.duckdb")
    last = DEMO_UNTIL
    window = Window(last - timedelta(days=34), last, last)
    days = {"first": window.first, "last": window.last}
    floor = {"last": window.last, "days": 7, "floor": 0.95}
    ways: dict[str, tuple[dict[str, Any], str]] = {
        "advice/breaks": (floor, "domains"),
        "sources/domains": (days, "domain"),
        "advice/names_below": (days, "domains"),
        "changes/source_sums": (days, "domain"),
        "advice/domain_state": (days, "domains"),
    }
    assert ways.keys() == named_in_calls("by_domain")
    monkeypatch.setattr(analytics.query.run, "SLOW_ANSWER", 0)
    met = set()
    for name, (values, key) in ways.items():
        with kept.read() as reader:
            whole = by_domain(Question(reader, window), name, values | {key: None})
        for domain in sorted({row["domain"] for row in whole})[:3]:
            asked = values | {key: domain if key == "domain" else [domain]}
            with plain.read() as reader:
                one = by_domain(Question(reader, window, (domain,)), name, asked)
            with kept.read() as reader:
                taken = Recorded(reader)
                assert by_domain(Question(taken, window, (domain,)), name, asked) == one
                assert not makes(taken)
            assert one == [row for row in whole if row["domain"] == domain]
            met.update([name] if one else [])
    assert met == ways.keys()


def test_every_answer_comes_back_as_it_was_and_hangs_on_no_order_of_rows(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the type: 1 that comes back as 1.0 is written otherwise. To the last digit: the same
    store gives the same bytes, whoever asks (`rua advise --evidence`), but fractions that threads
    add up in any order do not."""
    both = two_groups(demo, tmp_path)
    monkeypatch.setattr(analytics.query.result_cache, "SLOW_SECONDS", 0)
    for name in ("SLOW_ANSWER", "SLOW_SECONDS"):
        monkeypatch.setattr(analytics.query.run, name, 0)
    made = answers(both, tmp_path / "made")
    kept = len(files(Store(both.store)))
    assert kept > 100
    assert answers(both, tmp_path / "again") == made
    assert len(files(Store(both.store))) == kept
    with Store(both.store).write() as con:
        for table in FACTS:
            reorder(con, table)
    for what, answer in answers(both, tmp_path / "reordered").items():
        assert answer == made[what], what


FACTS = ("dmarc_record", "dmarc_reason", "dmarc_dkim", "dmarc_spf", "tls_policy", "tls_failure")


def reorder(con: Connection, table: str) -> None:
    con.execute(f"create temp table reordered as from {table} order by hash(rowid)")
    con.execute(f"delete from {table}")
    con.execute(f"insert into {table} from reordered")
    con.execute("drop table reordered")


def answers(both: TwoGroups, folder: Path) -> dict[str, str]:
    with Store(both.store).read() as reader:
        return {
            what: repr(told)
            for what, told in everything_asked(reader, both, folder, (1,))
            if not what.startswith("table ")
        }
