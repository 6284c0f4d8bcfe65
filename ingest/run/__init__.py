"""Runs from start to end: ingest, watch, rebuild, retry, reverse DNS, probe of a mailbox."""
