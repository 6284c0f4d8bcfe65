"""The store: created, migrated, refused when it is something else; its views documented."""

import re
from importlib import resources
from pathlib import Path

import duckdb
import pytest

from schemas.errors import StoreDamaged, StoreError
from schemas.store.store import Store

PACKAGE = resources.files("schemas.store")


def sql_files(folder: str) -> list[tuple[str, str]]:
    files = sorted((PACKAGE / folder).iterdir(), key=lambda file: file.name)
    return [(file.name, file.read_text()) for file in files if file.name.endswith(".sql")]


def test_a_new_store_has_every_migration_and_view(tmp_path: Path) -> None:
    store = Store(tmp_path / "deep" / "s.duckdb")
    with store.write() as con:
        applied = con.execute("select name from migration order by number").fetchall()
        views = con.execute("select view_name from duckdb_views() where not internal").fetchall()
    assert [name for (name,) in applied] == [name for name, _ in sql_files("migrations")]
    defined = re.findall(r"create or replace view (\w+)", "".join(t for _, t in sql_files("views")))
    assert {name for (name,) in views} == set(defined)


def test_reading_says_what_to_do_where_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="run rua ingest first"), Store(tmp_path / "s").read():
        pass


def test_a_read_connection_cannot_write(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb")
    with store.write():
        pass
    with pytest.raises(StoreError, match="read-only"), store.read() as con:
        con.execute("delete from document")


def test_views_of_an_older_program_are_replaced_on_opening(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb")
    with store.write() as con:
        con.execute("create or replace view quarantine as select 1 as old")
        con.execute("update view_text set sql = 'older'")
    with store.read() as con:
        columns = con.execute("select * from quarantine").description
    assert columns is not None
    assert columns[0][0] == "document_id"


def test_a_newer_form_is_refused_and_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb")
    with store.write() as con:
        con.execute("insert into migration values (999, 'future.sql', now())")
    for opening in (store.read, store.write):
        with pytest.raises(StoreDamaged, match="newer version of rua"), opening():
            pass


def test_a_duckdb_file_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create table theirs as select 1 as x")
    before = path.read_bytes()
    store = Store(path)
    for opening in (store.read, store.write):
        with pytest.raises(StoreDamaged, match="not a store of rua"), opening():
            pass
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    path.write_text("not a database" * 100)
    with pytest.raises(StoreDamaged, match="check that it is a store"), Store(path).write():
        pass
    assert path.read_text() == "not a database" * 100


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb")
    with pytest.raises(StoreError):
        _insert_and_fail(store)
    with store.read() as con:
        assert con.execute("select count(*) from ledger").fetchall() == [(0,)]


def _insert_and_fail(store: Store) -> None:
    with store.write() as con:
        con.execute("begin")
        con.execute("insert into ledger values ('a', 1, '1', true, now())")
        con.execute("select * from nowhere")


@pytest.mark.parametrize(("name", "text"), sql_files("views"))
def test_every_view_says_what_a_row_is(name: str, text: str) -> None:
    for block in text.split("create or replace view")[:-1]:
        assert re.search(r"^-- One row per ", block, re.MULTILINE), name


def test_what_stands_in_the_store_is_for_its_owner_alone(tmp_path: Path) -> None:
    """The log, too, while a transaction is in it; the file keeps the mode that its owner gave."""
    store = Store(tmp_path / "s.duckdb")
    with store.write() as con:
        con.execute("insert into ledger values ('a', 0, '1', true, now())")
        modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}
    assert modes.keys() >= {"s.duckdb", "s.duckdb.wal"}
    assert set(modes.values()) == {0o600}
    store.path.chmod(0o640)
    with store.write() as con:
        con.execute("insert into ledger values ('a', 0, '2', true, now())")
        wal = tmp_path / "s.duckdb.wal"
        assert wal.stat().st_mode & 0o777 == 0o640
    assert store.path.stat().st_mode & 0o777 == 0o640


def test_a_store_of_an_older_form_is_given_this_one_when_it_is_read(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb")
    with store.write() as con:
        con.execute("insert into label values ('example.com', 'x', 'own', null, now()::timestamp)")
        con.execute("drop table report_state; delete from migration where number > 1")
    with store.read() as reader:
        assert reader.execute("select count(*) from report_state").fetchall() == [(1,)]
        assert reader.state is not None
        assert reader.execute("select match from label").fetchall() == [("x",)]
