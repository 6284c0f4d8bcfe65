"""SIGKILL in every stage of an ingest: nothing is lost, nothing counts twice, nothing is left."""

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.soak.kills import STAGES, Campaign, Watched
from tests.support.servers.dovecot import Dovecot

CAMPAIGNS, KILLS, CERTAIN = 3, 17, 3


@pytest.mark.parametrize("seed", range(CAMPAIGNS))
def test_whatever_moment_it_is_killed_at_the_next_run_makes_good(
    dovecot: Dovecot, tmp_path: Path, seed: int
) -> None:
    """51 kills in all; of the 17 on one mailbox three are certain to hit each stage."""
    campaign = Campaign(dovecot, tmp_path, seed)
    for stage in STAGES:
        for _ in range(CERTAIN):
            campaign.kill_at(stage)
        campaign.kill_about(stage)
    while campaign.hits.total() < KILLS:
        campaign.kill_about("commit")
    campaign.settled()
    print(f"killed at: {dict(campaign.places)}")  # noqa: T201  # pytest -rP shows it
    assert campaign.hits >= Counter(dict.fromkeys(STAGES, CERTAIN))
    assert campaign.readers, "no kill met a reading process"


def test_a_store_is_never_half_made(dovecot: Dovecot, tmp_path: Path) -> None:
    """DuckDB makes its file in four steps. Before the tables stand, nothing bears its name."""
    campaign = Campaign(dovecot, tmp_path, seed=0)
    campaign.deliver()
    for size in (0, 8192, None):
        child = Watched(campaign.config, stop="commit created 1")
        assert child.wait_for("commit created 1")
        child.kill()
        assert not campaign.store.exists()
        unfinished = [path for path in tmp_path.iterdir() if path.suffix == ".new"]
        assert unfinished
        if size is not None:
            # What a kill leaves between the steps of DuckDB, where no event can stop it.
            os.truncate(unfinished[0], size)
    campaign.settled()
    assert not list(tmp_path.glob("*.new*"))
