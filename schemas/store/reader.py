"""A read-only connection, and what tells its answers from those of others.

A question's answer depends on its text and parameters, on the state of the reports, and on what the
connection may see. A `Reader` names the last two, so that a kept answer is never taken for another.
"""

from pathlib import Path

from schemas.store.connection import Opened, Rows

__all__ = ["Reader"]


class Reader:
    """What `Store.read` gives.

    `path` is the store's, also where a copy of it is read; `state` changes whenever reports change,
    None where no state is known; `sees` is what narrows its rows: domains, a day, verified reports.
    `made` names the temporary tables of this connection, the oldest first (analytics/query).
    """

    def __init__(
        self, con: Opened, path: Path | None, state: str | None, sees: tuple[object, ...]
    ) -> None:
        self.con = con
        self.path = path
        self.state = state
        self.sees = sees
        self.made: list[str] = []

    @classmethod
    def on(cls, con: Opened) -> "Reader":
        """One's own connection, also one that writes: none of its answers are kept."""
        return cls(con, None, None, ())

    def execute(self, query: str, parameters: object = None) -> Rows:
        """Run one statement. Raises duckdb.Error, which `Store.read` turns into a StoreError."""
        return self.con.execute(query, parameters)

    def interrupt(self) -> None:
        """End the statement that runs in another thread, with an error there."""
        self.con.interrupt()
