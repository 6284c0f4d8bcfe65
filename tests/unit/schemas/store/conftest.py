"""Here each store is made as a user's is."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def copied_stores() -> None:
    """Not here."""
