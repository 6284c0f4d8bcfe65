"""Writes report tables, alone: deduplication, conflicts, quarantine, one transaction a batch."""
