"""Answers do not hang on the order in which a store holds its rows, nor on threads that add them
up: the same store gives the same bytes, whoever asks (DESIGN §5, `--evidence`)."""

from pathlib import Path

from schemas.store import Connection, Store
from tests.all_questions import everything_asked
from tests.conftest import Demo
from tests.two_groups import two_groups

FACTS = ("dmarc_record", "dmarc_reason", "dmarc_dkim", "dmarc_spf", "tls_policy", "tls_failure")


def test_every_answer_is_the_same_to_the_last_digit_whatever_the_order_of_rows(
    demo: Demo, tmp_path: Path
) -> None:
    both = two_groups(demo, tmp_path)
    store = Store(both.store)
    told = []
    for turn, order in enumerate(("rowid", "hash(rowid)")):
        with store.write() as con:
            for table in FACTS:
                reorder(con, table, order)
        with store.read() as con:
            asked = everything_asked(con, both, tmp_path / f"{turn}", (1,))
            told.append({what: repr(answer) for what, answer in asked if "table" not in what})
    for what, answer in told[0].items():
        assert told[1][what] == answer, what


def reorder(con: Connection, table: str, order: str) -> None:
    con.execute(f"create temp table reordered as from {table} order by {order}")
    con.execute(f"delete from {table}")
    con.execute(f"insert into {table} from reordered")
    con.execute("drop table reordered")
