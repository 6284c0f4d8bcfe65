"""What another policy would do: against brute force, the demo's truth, and simulated histories."""

import itertools
import math
import random
import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.policy.replay import Tags
from analytics.policy.whatif import as_published, whatif
from analytics.query.question import Question
from analytics.query.run import Row
from analytics.query.statistics import design_effect, wilson
from analytics.query.window import Window
from schemas.store.store import Store
from tests.support.mails.made_mail import LAST
from tests.support.mails.replayed_mail import (
    DOMAIN,
    OVERRIDES,
    Given,
    Reported,
    brute_force,
    reports,
    stored_reports,
)

WINDOW = Window(LAST - timedelta(days=9), LAST, LAST)
POLICIES = ("none", "quarantine", "reject")
MODES = ("r", "s")
Cluster = tuple[int, int]


def interval_of(clusters: Sequence[Cluster]) -> tuple[float, float] | None:
    lost, exposed = (sum(each) for each in zip(*clusters, strict=True)) if clusters else (0, 0)
    effect = design_effect(
        lost,
        exposed,
        len(clusters),
        sum(x * x for x, _ in clusters),
        sum(x * n for x, n in clusters),
        sum(n * n for _, n in clusters),
        sum(x * x / n for x, n in clusters),
        sum(x for x, n in clusters if n > 1),
        sum(x * (x - 1) / (n - 1) for x, n in clusters if n > 1),
    )
    return wilson(lost, exposed, effect=effect)


def check(q: Question, given: Sequence[Reported], tags: Tags, existing: Mapping[str, bool]) -> None:
    found = whatif(q, tags, existing)
    true = brute_force(given, tags, existing)
    count = true["count"]
    for key in ("messages", "rejected", "quarantined", "legitimate", "indeterminate"):
        assert found[key] == count[key], key
    assert found["unknown_names"] == count["unknown_names"]
    assert found["by_class"] == true["by_class"]
    assert found["not_replayed"] == true["not_replayed"]
    lost = {name: count[f"lost {name}"] for name in found["by_class"]}
    assert found["legitimate_lost"] == lost["own"] + lost["broken"]
    assert found["indirect_lost"] == lost["forwarder"] + lost["list"]
    assert (found["spoof_stopped"], found["undecided"]) == (lost["spoof"], lost["undecided"])
    assert found["best"]["legitimate_lost"] == count["best_lost"]
    assert (found["worst"]["legitimate_lost"], found["worst"]["legitimate"]) == (
        count["worst_lost"],
        count["worst"],
    )
    check_interval(found, true["clusters"])
    check_sources(found, lost)


def check_interval(found: Row, clusters: Sequence[Cluster]) -> None:
    if not found["legitimate"]:
        assert found["interval"] is None
        return
    low, high = found["interval"]
    assert low <= found["legitimate_lost"] <= high
    bounds = interval_of(clusters) or (0, 0)
    exposed = sum(n for _, n in clusters)
    assert (low, high) == pytest.approx([bound * exposed for bound in bounds], abs=1)


def check_sources(found: Row, lost: Mapping[str, int]) -> None:
    rows = found["by_source"]
    left = found["legitimate_lost"]
    for row in rows:
        left -= row["lost"] if row["class"] in ("own", "broken") else 0
        assert row["left_after"] == left
        assert 0 < row["lost"] <= row["messages"]
    assert left == 0
    assert [row["lost"] for row in rows] == sorted((row["lost"] for row in rows), reverse=True)
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["class"]] = sums.get(row["class"], 0) + row["lost"]
    assert sums == {name: n for name, n in lost.items() if n and name != "spoof"}


tags = st.builds(
    Tags,
    p=st.sampled_from(POLICIES),
    sp=st.sampled_from([None, *POLICIES]),
    np=st.sampled_from([None, *POLICIES]),
    adkim=st.sampled_from(MODES),
    aspf=st.sampled_from(MODES),
)
existing = st.dictionaries(
    st.sampled_from(["mail.example.com", "gone.example.com", "a.mail.example.com"]), st.booleans()
)


@given(reports, st.lists(tags, min_size=8, max_size=8), existing)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_replay_is_what_each_record_says(
    given: list[Reported], asked: list[Tags], existing: dict[str, bool]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = stored_reports(given, Path(folder))
        with Store(store).read() as reader:
            q = Question(reader, WINDOW, (DOMAIN,), OVERRIDES)
            for each in asked:
                check(q, given, each, existing)


def everything() -> list[Reported]:
    """Mail of all kinds from each address, under each pair of modes; one name never passes."""
    pairs = itertools.product(("r", "s", None), repeat=2)
    return [
        Reported(
            adkim, aspf, tuple(_any_record(random.Random(f"{number} {n}"), n) for n in range(60))
        )
        for number, (adkim, aspf) in enumerate(pairs)
    ]


def _any_record(rng: random.Random, n: int) -> Given:
    address, is_unwanted = 1 + n % 6, n % 12 in (4, 5)  # of spoof and undecided
    author = rng.choice(("example.com", "mail.example.com", "gone.example.com"))
    names: tuple[str | None, ...] = ("example.com", author, author, "other.example.net", None)
    auths = [
        (
            rng.choice(names),
            rng.choice(("pass", "fail", "temperror")),
        )
        for _ in range(2)
    ]
    return Given(
        f"192.0.2.{address}",
        rng.randint(1, 4),
        "unseen.example.com" if is_unwanted else author,
        not is_unwanted and rng.random() < 0.3,
        not is_unwanted and rng.random() < 0.3,
        (auths[0],),
        (*auths[1], "mfrom"),
    )


@pytest.fixture(scope="module")
def stored_everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored_reports(everything(), tmp_path_factory.mktemp("everything") / "s")


@pytest.mark.parametrize("modes", ["rr", "rs", "sr", "ss"])
def test_every_policy_is_replayed(stored_everything: Path, modes: str) -> None:
    given = everything()
    below = (None, *POLICIES)
    with Store(stored_everything).read() as reader:
        q = Question(reader, WINDOW, (DOMAIN,), OVERRIDES)
        for p, sp, np in itertools.product(POLICIES, below, below):
            check(q, given, Tags(p, sp, np, *modes), {})


def test_the_published_tags_are_those_that_the_newest_reports_show(tmp_path: Path) -> None:
    """A sp that equals p may be none at all; what one reporter leaves out the others have."""
    mail = (Given("192.0.2.1", 1, DOMAIN, True, True),)
    shown = [
        Reported(None, "s", mail, {"p": "quarantine"}),
        Reported("s", "s", mail, {"p": "quarantine", "sp": "none", "np": "none"}),
        Reported("r", "r", mail, {"p": "none", "sp": "reject"}),
    ]
    with Store(stored_reports(shown, tmp_path / "a")).read() as reader:
        q = Question(reader, WINDOW, (DOMAIN,))
        assert as_published(q) == {
            "p": "quarantine",
            "sp": "none",
            "np": None,
            "adkim": "s",
            "aspf": "s",
        }
        assert as_published(q.about("unseen.example"))["p"] is None
    filled_in = [Reported("r", "r", mail, {"p": "none", "sp": "none", "np": "none"})]
    with Store(stored_reports(filled_in, tmp_path / "b")).read() as reader:
        published = as_published(Question(reader, WINDOW, (DOMAIN,)))
    assert (published["sp"], published["np"]) == (None, None)


def history(rng: random.Random, batch: float, share: float, spread: float) -> list[Cluster]:
    """Reporter-days of 35 days and 6 receivers: of `batch` of them, `share` of the mail fails."""
    out = []
    for _ in range(6):
        size = 20 * math.exp(rng.gauss(0, 1))
        for _ in range(35):
            n = max(1, round(size * rng.lognormvariate(0, spread)))
            fails = rng.random() < batch
            out.append((sum(rng.random() < share for _ in range(n)) if fails else 0, n))
    return out


@pytest.mark.parametrize("spread", [0.3, 1.0])
@pytest.mark.parametrize(
    ("batch", "share"), [(0.02, 1.0), (0.05, 1.0), (0.1, 0.5), (0.3, 0.2), (0.5, 0.05), (0.2, 1.0)]
)
def test_intervals_hold_the_true_rate(batch: float, share: float, spread: float) -> None:
    rng = random.Random(20261121)
    held = 0
    for _ in range(200):
        bounds = interval_of(history(rng, batch, share, spread))
        assert bounds is not None
        held += bounds[0] <= batch * share <= bounds[1]
    assert held >= 0.93 * 200


def test_without_mail_nothing_is_told(stored_everything: Path) -> None:
    past = Window(*(LAST - timedelta(days=n) for n in (99, 90, 90)))
    with Store(stored_everything).read() as reader:
        q = Question(reader, past, (DOMAIN,), OVERRIDES)
        found: dict[str, Any] = whatif(q, Tags("reject"))
    assert (found["messages"], found["legitimate_lost"], found["interval"]) == (0, 0, None)
    assert (found["by_source"], found["dialects"], found["reporters"]) == ([], {}, 0)
