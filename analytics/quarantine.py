"""What could not be read, or contradicts another report."""

from analytics.ask import Row, ask
from schemas.store import Connection

__all__ = ["quarantined"]


def quarantined(con: Connection) -> list[Row]:
    """One row per refused document or conflict, newest first, with its reason and carrier."""
    return ask(con, "quarantined", {})
