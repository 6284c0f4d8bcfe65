"""Warn about secrets that others on the machine can read."""

import stat
from collections.abc import Iterator
from pathlib import Path

from schemas.config.settings import Mailbox

__all__ = ["exposed_files", "exposed_to_others"]


def exposed_files(mailbox: Mailbox) -> Iterator[str]:
    """A line for each file with a secret of the mailbox that its group or others can read."""
    files = [mailbox.password_file]
    if mailbox.oauth2 is not None:
        files += [mailbox.oauth2.client_secret_file, mailbox.oauth2.refresh_token_file]
    yield from exposed_to_others(f'mailbox "{mailbox.name}"', *files)


def exposed_to_others(whose: str, *files: Path | None) -> Iterator[str]:
    """A line for each of the files that its group or others can read; None is no file."""
    for path in files:
        mode = _mode(path) if path is not None else 0
        if mode & 0o044:
            yield (
                f"{path}: holds a secret of {whose} and others can read it "
                f"(mode {mode:o}); chmod 600 {path}"
            )


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0  # whoever reads it reports the error
