"""SMTP TLS reports: sessions, and failures by result type with their remedies."""
