"""`rua advise`: the verdict on each domain of the demo, whatever the seed; what a person reads."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.advice.advise import advise
from analytics.advice.domain_state import domain_states
from analytics.advice.verdict import decide
from analytics.dns.history import names_to_ask, refresh
from analytics.query.question import Owner, Question
from analytics.query.window import Window
from ingest.demo.organisation import Policy
from schemas.config import settings
from schemas.config.thresholds import Gates
from schemas.store.store import Store
from tests.conftest import Demo, Rua
from tests.integration.commands.test_classes import Record
from tests.simulator.variants import plan_of
from tests.support.moments import utc
from tests.support.servers.knot import Dns
from tests.support.stores.quick_store import quick_store

UNTIL = date(2026, 11, 20)
WINDOW = Window(UNTIL - timedelta(days=Window.DAYS - 1), UNTIL, UNTIL)
NOON = utc(2026, 11, 20, 12)
VERDICTS = ("advance", "fix", "wait", "done", "roll-back")
UNSAFE = ("fix", "wait", "roll-back")  # when the truth says so, advance would be an unsafe step
KEYS = {
    *("domain", "published", "verdict", "target", "record", "reason", "blockers", "gates"),
    *("window", "impact"),
}


@dataclass
class Given:
    """`counts` by (verdict of the truth, verdict given); `wrong` are targets that are not the
    truth's, or that it calls unsafe."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def add(self, store: Path, truth: dict[str, Any]) -> None:
        """Where the truth holds several verdicts for right on that day, the one given of them is
        the truth's."""
        domains = truth["domains"]
        owners = {name: Owner(each["goal"], each["parked"]) for name, each in domains.items()}
        with Store(store).read() as reader:
            found = domain_states(Question(reader, WINDOW, owners=owners))
        for each in found:
            told, decision = domains[each.domain], decide(each, Gates())
            right = told["allowed"][-1]["verdicts"]
            is_right = decision.verdict in right
            true = decision.verdict if is_right else told["verdict"]
            self.counts[true, decision.verdict] += 1
            if decision.verdict == "advance" and is_right:
                self._hold(each.domain, told, decision.target)

    def _hold(self, name: str, told: dict[str, Any], target: Mapping[str, Any]) -> None:
        wanted, given = told["target"], {tag: value for tag, value in target.items() if value}
        unsafe = told["unsafe"].items() & given.items()
        # Strict alignment comes along for a parked domain; np where DNS was asked.
        if unsafe or {tag: given.get(tag) for tag in wanted if tag != "np"} != {
            tag: value for tag, value in wanted.items() if tag != "np"
        }:
            self.wrong.append((name, given))


def table(title: str, counts: Counter[tuple[str, str]]) -> str:
    lines = [title, f"{'truth':10}" + "".join(f"{name:>11}" for name in VERDICTS)]
    lines += [
        f"{true:10}" + "".join(f"{counts[true, verdict]:11}" for verdict in VERDICTS)
        for true in VERDICTS
    ]
    return "\n".join(lines)


# Two histories of each organisation, in which every verdict comes; `make seeds` has 21 more.
SOME = [("default", range(1, 3)), ("situations", range(1, 3))]
MORE = [("situations", range(3, 6)), *(("default", range(n, n + 6)) for n in (3, 9, 15))]


@pytest.mark.parametrize(
    ("variant", "seeds"), [*SOME, *(pytest.param(*each, marks=pytest.mark.seeds) for each in MORE)]
)
def test_no_step_is_unsafe_and_every_verdict_is_found(
    variant: str, seeds: range, tmp_path: Path, record_property: Record
) -> None:
    given = Given()
    for seed in seeds:
        folder = tmp_path / str(seed)
        folder.mkdir()
        given.add(*quick_store(folder, variant, seed=seed, until=UNTIL))
    record_property("table", table(f"verdicts, {variant}, seeds {list(seeds)}", given.counts))
    assert sum(given.counts[true, "advance"] for true in UNSAFE) == 0
    assert not given.wrong
    for true in VERDICTS:
        total = sum(given.counts[true, verdict] for verdict in VERDICTS)
        assert total >= len(seeds)
        assert given.counts[true, true] >= 0.95 * total, true


def test_with_dns_names_that_do_not_exist_and_lost_records_are_told(
    dns: Dns, tmp_path: Path
) -> None:
    """RFC 9989 App. A.4: only DNS tells which names np decides on."""
    store, truth = quick_store(tmp_path, "situations", seed=1, until=UNTIL)
    plan = plan_of(1, UNTIL, "situations")
    for domain in plan.domains:
        if not domain.loses_record:
            dns.text(f"_dmarc.{domain.name}", _record(domain.stages[-1].policy))
        for name in (domain.name, *domain.subdomains):
            dns.add([f"{name}. A 192.0.2.1"])
    with Store(store).read() as reader:
        names = names_to_ask(Question(reader, WINDOW))
    how = settings.Dns(nameservers=(dns.nameserver,))
    asked = refresh(Store(store), how, [each.name for each in plan.domains], names, NOON)
    assert not asked.failed
    with Store(store).read() as reader:
        rows = {row["domain"]: row for row in advise(Question(reader, WINDOW))}
    for name, row in rows.items():
        told = truth["domains"][name]
        assert row["verdict"] in told["allowed"][-1]["verdicts"], (name, row["reason"])
        assert not told["unsafe"].items() & row["changes"].items(), name
    assert rows["tannery.example"]["changes"] == {"p": "none"}
    assert rows["tannery.example"]["record"] == "v=DMARC1; p=none"
    assert rows["ferry.example"]["changes"] == {"p": "quarantine", "np": "reject"}
    assert rows["lighthouse.example"]["changes"] == {"np": "none"}


def _record(policy: Policy) -> str:
    tags = {tag: value for tag, value in asdict(policy).items() if value is not None}
    return "; ".join(("v=DMARC1", *(f"{tag}={value}" for tag, value in tags.items())))


def advice(rua: Rua, demo: Demo, *words: str) -> Any:
    until = demo.truth["run"]["until"]
    flags = ("--config", demo.folder / "rua.toml", "--store", demo.store)
    return rua(*flags, "advise", *words, "--offline", "--as-of", until)


def test_json_has_the_keys_of_the_contract(rua: Rua, demo: Demo) -> None:
    rows = json.loads(advice(rua, demo, "--format", "json").stdout)
    assert {row["domain"] for row in rows} == set(demo.truth["domains"])
    silent = set(demo.truth["domains"]) - set(demo.truth["totals"]["by_day"])
    assert silent == {"brightwater.example"}  # it has not been reported on in these twelve days
    (quiet,) = [row for row in rows if row["domain"] in silent]
    assert (quiet["verdict"], quiet["record"]) == ("wait", "v=DMARC1; p=none")
    for row in rows:
        assert row.keys() >= KEYS
        assert row["verdict"] in VERDICTS
        assert (row["record"] or "v=DMARC1").startswith("v=DMARC1")


def test_the_screen_of_one_domain_names_the_next_step_first(rua: Rua, demo: Demo) -> None:
    done = advice(rua, demo, "harbour-group.example")
    first, second, *rest = done.stdout.splitlines()
    assert first.startswith("harbour-group.example: advance")
    assert 'TXT "v=DMARC1; p=reject; sp=reject; np=reject; adkim=s; aspf=s"' in second
    assert len(rest) <= 22
    assert "rua reports --domain harbour-group.example" in done.stdout


def test_an_unknown_domain_is_one_line_with_the_nearest(rua: Rua, demo: Demo) -> None:
    done = advice(rua, demo, "harbor.example")
    assert done.returncode == 2
    assert "harbour.example" in done.stderr
    assert done.stderr.count("\n") == 1


def test_evidence_is_the_same_bytes_again(rua: Rua, demo: Demo, tmp_path: Path) -> None:
    for name in ("first", "second"):
        done = advice(rua, demo, "example.net", "--evidence", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
    first, second = (
        {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*.*")}
        for folder in (tmp_path / "first", tmp_path / "second")
    )
    assert first == second
    assert {Path("advice.json"), Path("reports.csv"), Path("sql/classes.sql")} <= first.keys()


def test_evidence_is_not_written_into_a_folder_in_use(rua: Rua, demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = advice(rua, demo, "example.net", "--evidence", str(tmp_path))
    assert done.returncode == 2
    assert "mine.txt" in done.stderr


def test_what_had_not_arrived_is_left_out(rua: Rua, demo: Demo) -> None:
    flags = ("--config", demo.folder / "rua.toml", "--store", demo.store)
    until = date.fromisoformat(demo.truth["run"]["until"])
    last = (until - timedelta(days=3)).isoformat()
    now = rua.json(*flags, "domains", "--until", last, "--as-of", until.isoformat())
    then = rua.json(*flags, "domains", "--as-of", last)
    total = [sum(row["messages"] for row in rows) for rows in (then, now)]
    assert 0 < total[0] < total[1]


def test_a_domain_of_the_settings_without_reports_has_its_next_step(
    rua: Rua, demo: Demo, tmp_path: Path
) -> None:
    config = tmp_path / "rua.toml"
    config.write_text('[dns]\noffline = true\n[domains."silent.example"]\n')
    flags = ("--config", config, "--store", demo.store)
    done = rua(*flags, "advise", "silent.example", "--offline", "--as-of", str(UNTIL))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("silent.example: wait: no report yet")
