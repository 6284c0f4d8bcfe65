"""Takes the pictures in docs/screens/ again: python -m tests.pictures.screens (or: make picture)

They are of the 90-day demo up to today, as `make run` shows it.
"""

import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from dashboards.web.session.navigation import SCREENS
from ingest.demo import write_demo
from tests.conftest import RUA, clean_environment
from tests.support.paths import DOCS
from tests.support.screens.browser import page_at, running, whole_page

FOLDER = DOCS / "screens"
DAYS = 90
HEIGHT = 1400  # of a picture; what is below is more of the same
ABOUT = {"domain": "?domain=copperline.example", "report": "?report=1", "tls": "?days=90"}


def take(folder: Path, pictures: Path) -> None:
    """Makes the demo in `folder`, which is empty."""
    today = datetime.now(UTC).date()
    write_demo(folder / "demo", days=DAYS, until=today)
    flags = ["--config", str(folder / "demo" / "rua.toml")]
    subprocess.run(
        [RUA, *flags, "ingest", folder / "demo" / "mails"],
        env=clean_environment(folder),
        cwd=folder,
        check=True,
    )
    pictures.mkdir(exist_ok=True)
    with running(flags, folder) as url:
        for place, screen in enumerate(SCREENS):
            view = f"{url}/{screen if place else ''}{ABOUT.get(screen, '')}"
            with page_at(view, width=1280) as page:
                whole_page(page, pictures / f"{screen}.png", most=HEIGHT)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="rua-picture-") as name:
        take(Path(name), FOLDER)
