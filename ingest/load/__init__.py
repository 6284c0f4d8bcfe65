"""The only writer of report tables: deduplication, conflicts, quarantine; one transaction."""
