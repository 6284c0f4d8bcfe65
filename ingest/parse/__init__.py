"""Pure functions from a document's bytes to the models of schemas/, or a Refusal."""

from ingest.parse.dmarc import read_aggregate
from ingest.parse.tls import read_tls
from ingest.parse.tls_policy_domain import DomainHint, domain_hint

__all__ = ["DomainHint", "domain_hint", "read_aggregate", "read_tls"]
