"""Pure functions from a document's bytes to the models of schemas/, or a Refusal."""

from ingest.readers.dmarc import read_aggregate
from ingest.readers.hint import DomainHint, domain_hint
from ingest.readers.tls import read_tls

__all__ = ["DomainHint", "domain_hint", "read_aggregate", "read_tls"]
