"""Domain: one policy domain in full."""
