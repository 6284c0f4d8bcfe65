"""One report with its records."""
