"""Runs from start to end: ingest, watch, rebuild, retry, reverse DNS, trial of a mailbox."""
