"""Pure functions from a document's bytes to the models of schemas/, or a Refusal."""

from ingest.readers.dmarc import read_aggregate
from ingest.readers.tls import read_tls

__all__ = ["read_aggregate", "read_tls"]
