"""Who may see some domains alone sees nothing of the others, whatever is asked."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import analytics.query.result_cache
import analytics.query.run
from analytics.advice.advise import advise
from analytics.query.adhoc_sql import answer
from analytics.query.question import Question
from analytics.query.result_cache import CachedAnswer
from analytics.reports import documents, freshness
from analytics.sources import daily, labels, summary
from schemas.errors import AccessDenied
from schemas.store.row_access import ROWS, Scope
from schemas.store.store import Store
from tests.conftest import Demo
from tests.support.paths import ROOT
from tests.support.stores.all_questions import MOMENT, WINDOW, Recorded, everything_asked
from tests.support.stores.two_groups import MIXED_ID, TwoGroups, foreign_tokens, tokens, two_groups

QUESTIONS = sorted((ROOT / "analytics").glob("*/queries/*.sql"))


@pytest.fixture(scope="module")
def both(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> TwoGroups:
    return two_groups(demo, tmp_path_factory.mktemp("groups"))


@pytest.fixture(scope="module")
def secrets(both: TwoGroups) -> set[str]:
    found = foreign_tokens(both.store, both.mine)
    assert both.theirs <= found
    assert MIXED_ID.partition("@")[0] in found
    assert len(found) > 1000
    return found


def confined(both: TwoGroups) -> Store:
    return Store(both.store, scope=Scope(both.mine, frozenset()))


def leaks(told: object, secrets: set[str]) -> list[str]:
    return sorted(tokens(told) & secrets)[:10]


def count(store: Path, table: str) -> int:
    with Store(store).read() as reader:
        return int(reader.execute(f"select count(*) from {table}").fetchall()[0][0])


def test_no_answer_tells_of_others(
    both: TwoGroups, secrets: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        analytics.query.run, "MOST_OF_ONE_NAME", 10**6
    )  # all tables are there to look at
    with confined(both).read() as reader:
        recorded, documents = Recorded(reader), range(1, count(both.store, "document") + 1, 25)
        for what, told in everything_asked(recorded, both, tmp_path, documents):
            assert leaks(told, secrets) == [], what
    for file in QUESTIONS:
        assert recorded.has_asked(file.read_text()), f"{file.name} is asked by none of these"


def test_the_same_questions_tell_of_others_to_who_sees_all(
    both: TwoGroups, secrets: set[str], tmp_path: Path
) -> None:
    """Or the test above could not fail."""
    with Store(both.store).read() as reader:
        telling = {
            what
            for what, told in everything_asked(reader, both, tmp_path, (1,))
            if not what.startswith("table ") and leaks(told, secrets)
        }
    assert telling >= {
        *("labels", "quarantined", "names", "domains", "sources", "source days"),
        *("reports", "advise", "dns", "changes", "dns last", "bundle"),
    }


def test_no_table_or_view_tells_of_others(both: TwoGroups, secrets: set[str]) -> None:
    """By its own name; the public views are what strangers to the code would ask."""
    names = "select table_name from duckdb_tables() where not internal and not temporary"
    views = "select view_name from duckdb_views() where not internal and not temporary"
    with confined(both).read() as con:
        for (name,) in con.execute(f"{names} union {views} order by 1").fetchall():
            assert leaks(con.execute(f"from {name}").fetchall(), secrets) == [], name


def test_every_table_says_who_sees_it(both: TwoGroups) -> None:
    """A table that nobody thought of is hidden; say on purpose what it is."""
    with Store(both.store).read() as con:
        names = "select table_name from duckdb_tables() where not internal and not temporary"
        assert {name for (name,) in con.execute(names).fetchall()} <= set(ROWS)


def test_no_question_leads_around_the_scope() -> None:
    """A name with a schema before it is the table itself."""
    for file in QUESTIONS:
        assert not re.search(r"\bmain\.", file.read_text()), file.name


def test_a_confined_answer_is_the_whole_ones_part(both: TwoGroups) -> None:
    """Numbers of a domain do not hang on who asks: a forged report counts for nobody."""
    questions: dict[str, Callable[[Question], list[Any]]] = {
        "domains": summary.domains,
        "sources": summary.sources,
        "source days": daily.source_days,
        "reports": lambda q: [
            row for row in documents.reports(q, most=10**6) if row["report_id"] != MIXED_ID
        ],
        "advise": advise,
    }
    for what, asked in questions.items():
        with Store(both.store).read() as reader:
            q = Question(reader, WINDOW, dns_as_of=MOMENT)
            whole = [row for row in asked(q) if row["domain"] in both.mine]
        with confined(both).read() as reader:
            q = Question(reader, WINDOW, dns_as_of=MOMENT)
            part = [row for row in asked(q) if "other domains" not in str(row.get("report_id"))]
        assert rounded(part) == rounded(whole), what
        assert part, what


def rounded(told: Any) -> Any:
    """Sums of floating-point numbers end differently each time."""
    if isinstance(told, float):
        return round(told, 9)
    if isinstance(told, dict):
        return {key: rounded(value) for key, value in told.items()}
    return [rounded(each) for each in told] if isinstance(told, list | tuple) else told


def test_what_others_prove_still_counts(tmp_path: Path, both: TwoGroups) -> None:
    """An unverified report does not count beside a verified one of its reporter on whatever domain:
    RFC 9990 §8.2. Seeing less must not make a forgery count."""
    store = tmp_path / "rua.duckdb"
    store.write_bytes(both.store.read_bytes())
    domain = min(both.mine)
    with Store(store).write() as con:
        con.execute(
            "update dmarc_report set authenticity = case when policy_domain = $1 then 'unverified'"
            " else 'verified' end, reporter = 'one', reporter_domain = 'one.example'",
            [domain],
        )
    question = "select count(*) from counted_dmarc_report where policy_domain = $1"
    for scope in (Scope(), Scope(both.mine), Scope(frozenset({domain}))):
        with Store(store, scope=scope).read() as con:
            if scope.visible == frozenset({domain}):
                proven = con.execute("select count(*) from scope_verified_day").fetchall()
                assert proven[0][0] > 1
            assert con.execute(question, [domain]).fetchall() == [(0,)]


def test_a_report_on_several_domains_is_seen_in_part(both: TwoGroups) -> None:
    with confined(both).read() as reader:
        told = documents.reports(Question(reader, WINDOW))
        rows = [row for row in told if row["reporter"] == "mixed receiver"]
        assert [row["domains"] for row in rows] == [[min(both.mine)]]
        number = rows[0]["id"]
        assert documents.document_bytes(reader, number) is None
        assert documents.document(reader, number) is None
        policies = reader.execute("from tls_policy where document_id = $1", [number]).fetchall()
        failures = reader.execute("from tls_failure where document_id = $1", [number]).fetchall()
    assert (len(policies), len(failures)) == (1, 1)


def test_whoever_may_see_nothing_sees_nothing(both: TwoGroups) -> None:
    with Store(both.store, scope=Scope(frozenset())).read() as reader:
        q = Question(reader, WINDOW)
        assert documents.reports(q) == []
        assert summary.domains(q) == []
        assert freshness.feed(q)["documents"] == 0


def test_only_labels_of_editable_domains_are_written(both: TwoGroups, tmp_path: Path) -> None:
    path = tmp_path / "rua.duckdb"
    path.write_bytes(both.store.read_bytes())
    mine, theirs = min(both.mine), min(both.theirs)
    before = count(path, "label")
    viewer = Store(path, scope=Scope(both.mine, frozenset()))
    editor = Store(path, scope=Scope(both.mine, both.mine))
    for store, domain in ((viewer, mine), (viewer, theirs), (editor, theirs)):
        with pytest.raises(AccessDenied):
            labels.add(store, domain, "x.example", "own", None)
        with pytest.raises(AccessDenied):
            labels.remove(store, domain, "label.mine.example")
    assert count(path, "label") == before
    labels.add(editor, mine, "x.example", "own", None)
    assert count(path, "label") == before + 1


def test_a_confined_store_is_neither_written_nor_copied(both: TwoGroups, tmp_path: Path) -> None:
    store = Store(both.store, scope=Scope(both.mine, both.mine))
    with pytest.raises(AccessDenied), store.write():
        pass
    with pytest.raises(AccessDenied):
        store.copy_to(tmp_path / "copy.duckdb")


def test_ones_own_sql_is_for_who_sees_all(both: TwoGroups) -> None:
    with confined(both).read() as reader, pytest.raises(AccessDenied):
        answer(reader, "select 1")


def test_kept_answers_differ_by_who_may_see_them(
    both: TwoGroups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analytics.query.result_cache, "SLOW_SECONDS", 0)
    scopes = [Scope(), Scope(both.mine), Scope(both.theirs)]
    for number, scope in enumerate(scopes):
        with Store(both.store, scope=scope).read() as reader:
            reader.execute(f"create temp table secret as select {number} as n")
            CachedAnswer(reader, "classes", "asked").store("secret")
    for number, scope in enumerate(scopes):
        with Store(both.store, scope=scope).read() as reader:
            found = CachedAnswer(reader, "classes", "asked").found()
            assert found is not None
            assert reader.execute(found).fetchall() == [(number,)]
