"""Reading quarantined documents again, from the dashboard: what `rua quarantine retry` does."""

from collections.abc import Sequence

from dashboards.data import change, settings
from ingest.retry import retry
from ingest.writer import Writer
from schemas.store import Store

__all__ = ["read_again"]


def read_again(ids: Sequence[int] = ()) -> dict[str, int]:
    """All refused documents, or the given ones: {"tried", "read", "refused"}.

    For those alone who may change everything: what the documents are about, nobody knows. Raises
    AccessDenied, StoreError and ConfigError. It writes: never to be called where a page only reads.
    """
    return change(_retry, settings().workers, ids)


def _retry(store: Store, workers: int, ids: Sequence[int]) -> dict[str, int]:
    store.scope.require_edit(None)
    return retry(store, Writer(store), workers, ids)
