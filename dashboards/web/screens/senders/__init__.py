"""Unknown senders: sources to decide on."""
