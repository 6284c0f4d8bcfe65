"""Sources of the demo organisation get the class that the truth says, whatever the seed.

They are classified over 90 days without a label, put into the store without their mails, which
gives the same rows (quick_store.py); of one `rua ingest` asks DNS for the names of the
addresses. The tables that compare truth (rows) and answer (columns) are printed.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.query.question import Question
from analytics.query.window import Window
from analytics.sources.classes import CLASSES
from analytics.sources.summary import sources as told_sources
from schemas.store.store import Store
from tests.conftest import Rua
from tests.support.servers.knot import Dns
from tests.support.servers.reverse_zones import reverse_zones
from tests.support.stores.quick_store import quick_store

UNTIL = date(2026, 11, 20)
WINDOW = Window(UNTIL - timedelta(days=89), UNTIL, UNTIL)
JUDGED = ("broken", "forwarder", "list", "spoof")
Pair = tuple[str, str]
Record = Callable[[str, object], None]  # pytest's record_property; shown at the end of the run


@dataclass(frozen=True)
class Compared:
    """(class of the truth, class given): how many sources, how many messages."""

    sources: Counter[Pair]
    messages: Counter[Pair]

    def recall(self, counts: Counter[Pair], name: str) -> float:
        return counts[name, name] / max(1, sum(counts[name, given] for given in CLASSES))

    def precision(self, counts: Counter[Pair], name: str) -> float:
        return counts[name, name] / max(1, sum(counts[true, name] for true in CLASSES))

    @property
    def undecided(self) -> float:
        """The share of messages that are left undecided."""
        left = sum(self.messages[true, "undecided"] for true in CLASSES)
        return left / sum(self.messages.values())

    def text(self, title: str) -> str:
        return "\n".join((title, *self._lines(), ""))

    def _lines(self) -> Iterator[str]:
        for what, counts in (("sources", self.sources), ("messages", self.messages)):
            yield f"{what:10}" + "".join(f"{name:>11}" for name in CLASSES) + "     recall"
            for true in CLASSES:
                cells = "".join(f"{counts[true, given]:11,}" for given in CLASSES)
                yield f"{true:10}{cells}{self.recall(counts, true):11.3f}"
            shares = (self.precision(counts, name) for name in CLASSES)
            yield "precision " + "".join(f"{share:11.3f}" for share in shares)
        yield f"undecided: {self.undecided:.2%} of the messages"


def compared(store: Path, truth: dict[str, Any]) -> Compared:
    true = {(row["domain"], row["source_ip"]): row["class"] for row in truth["sources"]}
    sources: Counter[Pair] = Counter()
    messages: Counter[Pair] = Counter()
    with Store(store).read() as reader:
        for row in told_sources(Question(reader, WINDOW)):
            pair = true[row["domain"], row["source_ip"]], row["class"]
            sources[pair] += 1
            messages[pair] += row["messages"]
    return Compared(sources, messages)


def name_its_addresses(store: Path, nameserver: str) -> None:
    """By an ingest that has nothing to read: names are asked for behind its last commit."""
    mail = store.with_name("hello.eml")
    mail.write_text("From: a@example.com\n\nhello\n")
    env = {"RUA_DNS__OFFLINE": "false", "RUA_DNS__NAMESERVERS": json.dumps([nameserver])}
    done = Rua(store.parent)("--store", store, "ingest", mail, env=env)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("seed", [1, pytest.param(20261121, marks=pytest.mark.seeds)])
def test_recall_and_precision_without_reverse_dns(
    seed: int, tmp_path: Path, record_property: Record
) -> None:
    found = compared(*quick_store(tmp_path, seed=seed, until=UNTIL))
    record_property("table", found.text(f"default, seed {seed}"))
    check_recall(found)
    check_precision(found)


def test_recall_and_precision_with_reverse_dns(
    tmp_path: Path, dns: Dns, record_property: Record
) -> None:
    store, truth = quick_store(tmp_path, seed=2, until=UNTIL)
    dns.add(reverse_zones(truth["ptr"]))
    name_its_addresses(store, dns.nameserver)
    with Store(store).read() as con:
        named = con.execute("select count(*) from ptr_lookup where confirmed").fetchall()
    assert named[0][0] > 1000
    found = compared(store, truth)
    record_property("table", found.text("default, seed 2, with reverse DNS"))
    check_recall(found)
    check_precision(found)


@pytest.mark.parametrize(
    ("variant", "seed"), [("no-overrides", 3), ("inside-abuse", 4), ("other-vendors", 5)]
)
def test_precision_on_variants(
    variant: str, seed: int, tmp_path: Path, record_property: Record
) -> None:
    found = compared(*quick_store(tmp_path, variant, seed, until=UNTIL))
    record_property("table", found.text(f"{variant}, seed {seed}"))
    check_precision(found)


def check_recall(found: Compared) -> None:
    for name in JUDGED:
        assert found.recall(found.sources, name) >= 0.9, name
        assert found.recall(found.messages, name) >= 0.97, name
    assert found.undecided <= 0.02


def check_precision(found: Compared) -> None:
    for name in JUDGED:
        assert found.precision(found.sources, name) >= 0.9, name
        assert found.precision(found.messages, name) >= 0.97, name
    for true in ("own", "broken"):
        assert found.sources[true, "spoof"] == 0, true
