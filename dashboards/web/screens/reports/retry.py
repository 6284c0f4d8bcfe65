"""Reading quarantined documents again, from the dashboard: what `rua quarantine retry` does."""

from ingest.load.writer import Writer
from ingest.run.quarantine_retry import retry
from schemas.store.store import Store

__all__ = ["read_again"]


def read_again(store: Store, workers: int) -> dict[str, int]:
    """All refused documents: {"tried", "read", "refused"}. To be asked for through `data.change`.

    Raises AccessDenied for who may not change the whole store, before anything is read, and
    StoreError.
    """
    store.scope.require_edit(None)
    return retry(store, Writer(store), workers)
