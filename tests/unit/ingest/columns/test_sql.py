"""Every SQL file of ingest is one commented statement that some code runs by its name."""

import re

import duckdb
import pytest

from ingest.columns.sql import execute, statement
from tests.support.paths import ROOT

FILES = {
    f"{path.parents[1].name}/{path.stem}": path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "ingest").glob("*/queries/*.sql"))
}
SOURCE = "".join(path.read_text() for path in (ROOT / "ingest").rglob("*.py"))


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_one_commented_statement_by_its_name(name: str) -> None:
    text = FILES[name]
    assert text.startswith("-- ")
    assert len(duckdb.extract_statements(text)) == 1
    assert statement(name) == text


@pytest.mark.parametrize("name", FILES)
def test_every_parameter_is_given_by_name(name: str) -> None:
    (parsed,) = duckdb.extract_statements(FILES[name])
    assert not [each for each in parsed.named_parameters if each.isdecimal()]


def test_every_file_is_run_and_every_name_has_a_file() -> None:
    named = set(re.findall(r"[\"']((?:load|enrich|run)/\w+)[\"']", SOURCE))
    named |= {f"load/{each}" for each in re.findall(r'"(drop_\w+)"', SOURCE)}
    assert named == set(FILES)


def test_a_statement_gets_its_values_by_name() -> None:
    con = duckdb.connect()
    con.execute("create table document (document_id bigint)")
    con.execute("insert into document values (3), (1), (2)")
    assert execute(con, "load/document_ids", after=1) == [(2,), (3,)]
