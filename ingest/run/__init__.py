"""Runs from start to end: ingest, watch, rebuild, retry, reverse DNS, the trial of a mailbox."""
