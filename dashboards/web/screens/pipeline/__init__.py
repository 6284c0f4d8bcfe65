"""Pipeline: runs, mailboxes, quarantine."""
