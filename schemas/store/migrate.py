"""Bring a store to this program's schema: numbered migrations, then the views.

A migration is applied once, in a transaction with its own record. Views are replaced whenever the
program that opens the store has newer ones.
"""

from functools import cache
from importlib import resources
from pathlib import Path

from schemas.errors import StoreDamaged
from schemas.store.connection import Executes

__all__ = ["Form", "is_current", "migrate"]

Form = tuple[int, str]  # number of applied migrations (0: no store), text of its views
PACKAGE = resources.files("schemas.store")


def is_current(form: Form, path: Path) -> bool:
    """Whether a file has this program's migrations and views. Raises StoreDamaged if newer."""
    version, views = form
    known = len(_migrations())
    if version > known:
        raise StoreDamaged(
            f"the store has schema version {version}, this rua knows {known}",
            where=str(path),
            todo="use the newer version of rua that wrote it",
        )
    return version == known and views == _views_text()


def migrate(con: Executes, form: Form, path: Path) -> None:
    """Migrate an open file. Raises StoreDamaged if it is newer, or of another program."""
    if is_current(form, path):
        return
    version, migrations = form[0], _migrations()
    if version == 0:
        _refuse_foreign(con, path)
    for number, (name, sql) in enumerate(migrations[version:], start=version + 1):
        con.execute("begin")
        if number == 1:
            con.execute(
                "create table migration (number integer, name text, applied_at timestamp);"
                "create table view_text (sql text)"
            )
        con.execute(sql)
        con.execute("insert into migration values ($1, $2, now())", [number, name])
        con.execute("commit")
    _refresh_views(con)


@cache
def _migrations() -> list[tuple[str, str]]:
    """(name, SQL) of every migration, in order."""
    return _sql_files("migrations")


@cache
def _views_text() -> str:
    return "\n".join(text for _, text in _sql_files("views"))


def _sql_files(folder: str) -> list[tuple[str, str]]:
    files = (PACKAGE / folder).iterdir()
    found = sorted((file for file in files if file.name.endswith(".sql")), key=lambda f: f.name)
    return [(file.name, file.read_text(encoding="utf-8")) for file in found]


def _refuse_foreign(con: Executes, path: Path) -> None:
    tables = con.execute("select count(*) from duckdb_tables() where not internal").fetchall()
    if tables[0][0]:
        raise StoreDamaged(
            "this DuckDB file has other tables and is not a store of rua",
            where=str(path),
            todo="name another file with --store",
        )


def _refresh_views(con: Executes) -> None:
    con.execute("begin")
    text = _views_text()
    con.execute(text)
    con.execute("delete from view_text")
    con.execute("insert into view_text values ($1)", [text])
    con.execute("commit")
