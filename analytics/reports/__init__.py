"""The reports themselves: browsing, documents, reporters, coverage, quarantine, runs."""
