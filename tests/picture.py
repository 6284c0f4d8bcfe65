"""Takes docs/overview.png again: python -m tests.picture (or: make picture)

The picture is of the 90-day demo up to today, as `make run` shows it.
"""

import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from ingest.simulator import write_demo
from tests.browser import page_at, running
from tests.conftest import RUA, clean_environment

PICTURE = Path(__file__).parent.parent / "docs" / "overview.png"
DAYS = 90
HEIGHT = 1130  # the first rows of the domains are enough


def take(picture: Path) -> None:
    today = datetime.now(UTC).date()
    with tempfile.TemporaryDirectory(prefix="rua-picture-") as name:
        folder = Path(name)
        write_demo(folder / "demo", days=DAYS, until=today)
        flags = ["--config", str(folder / "demo" / "rua.toml")]
        subprocess.run(
            [RUA, *flags, "ingest", folder / "demo" / "mails"],
            env=clean_environment(folder),
            cwd=folder,
            check=True,
        )
        with running(flags, folder) as url, page_at(url, height=HEIGHT) as page:
            page.screenshot(path=picture)


if __name__ == "__main__":
    take(PICTURE)
