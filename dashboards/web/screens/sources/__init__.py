"""Sources: who sends as a domain."""
