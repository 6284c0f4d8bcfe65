"""Who sends mail as a domain: known senders, classes and their reasons, labels, totals."""
