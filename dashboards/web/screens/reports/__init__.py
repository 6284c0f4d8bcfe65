"""Reports: browse, coverage, quarantine."""
