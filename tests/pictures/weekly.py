"""Takes docs/weekly.png again: python -m tests.pictures.weekly (or: make picture)

The picture is of one group's week in the 90-day demo.
"""

import subprocess
import tempfile
from datetime import date
from pathlib import Path

from playwright.sync_api import sync_playwright

from ingest.demo import write_demo
from tests.conftest import RUA, Rua, clean_environment
from tests.support.paths import DOCS
from tests.support.screens.browser import CHROMIUM, QUIET

PICTURE = DOCS / "weekly.png"
UNTIL, WEEK, GROUP = date(2026, 11, 20), "2026-W46", "Example Group"
DAYS = 90
WIDTH, HEIGHT = 1100, 1700


def take(picture: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="rua-picture-") as name:
        folder = Path(name)
        write_demo(folder / "demo", days=DAYS, until=UNTIL)
        flags = ["--config", str(folder / "demo" / "rua.toml")]
        subprocess.run(
            [RUA, *flags, "ingest", folder / "demo" / "mails"],
            env=clean_environment(folder),
            cwd=folder,
            check=True,
        )
        words: list[str | Path] = [*flags, "weekly", "--out", folder / "out", "--week", WEEK]
        said = Rua(folder).json(*words, "--as-of", UNTIL.isoformat())
        (made,) = [row["folder"] for row in said["groups"] if row["group"] == GROUP]
        photograph(Path(made) / "report.html", picture)


def photograph(page: Path, picture: Path) -> None:
    """The top of a page, as it looks at a desk."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        opened = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        opened.goto(page.as_uri())
        opened.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    take(PICTURE)
