"""From a mailbox or folder to rows: source -> extract -> read -> enrich -> write -> settle."""
