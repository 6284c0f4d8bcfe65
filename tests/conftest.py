"""Fixtures that every test may ask for; the servers live in modules of their own."""

pytest_plugins = ["tests.dovecot"]
