"""What holds for every test in these folders, so that `make test-fast` stays fast."""

import subprocess
from collections.abc import Iterator
from typing import NoReturn

import pytest

BELONGS = "a unit test starts no process and no server: this belongs in tests/integration"


@pytest.fixture(scope="module", autouse=True)
def no_process() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", _refuse)
        yield


def _refuse(*words: object, **options: object) -> NoReturn:
    pytest.fail(f"{BELONGS} ({words})")


@pytest.fixture
def rua() -> NoReturn:
    pytest.fail(BELONGS)


@pytest.fixture
def demo() -> NoReturn:
    pytest.fail(BELONGS)
