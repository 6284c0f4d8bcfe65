"""SMTP TLS reports: sessions, failures by result type, the MTA-STS verdict."""
