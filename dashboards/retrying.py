"""Reading quarantined documents again, from the dashboard: what `rua quarantine retry` does."""

from collections.abc import Sequence

from dashboards.data import settings
from ingest.retry import retry
from ingest.writer import Writer
from schemas.store import Store

__all__ = ["read_again"]


def read_again(ids: Sequence[int] = ()) -> dict[str, int]:
    """All refused documents, or the given ones: {"tried", "read", "refused"}.

    Raises StoreError and ConfigError. It writes: never to be called where a page only reads.
    """
    told = settings()
    store = Store(
        told.store, lock_timeout=told.lock_timeout, require_verified=told.require_verified
    )
    return retry(store, Writer(store), told.workers, ids)
