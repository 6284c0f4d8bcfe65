"""Who sends as a domain: senders, classes with their reasons, labels, sums and pages."""
