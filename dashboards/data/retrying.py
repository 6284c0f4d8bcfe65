"""Reading quarantined documents again, from the dashboard: what `rua quarantine retry` does."""

from ingest.retry import retry
from ingest.writer import Writer
from schemas.store import Store

__all__ = ["read_again"]


def read_again(store: Store, workers: int) -> dict[str, int]:
    """All refused documents: {"tried", "read", "refused"}. To be asked for through `data.change`.

    Raises AccessDenied for who may not change the whole store, before anything is read, and
    StoreError.
    """
    store.scope.require_edit(None)
    return retry(store, Writer(store), workers)
