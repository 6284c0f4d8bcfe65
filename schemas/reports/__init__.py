"""Models of the two kinds of reports: DMARC aggregate (XML) and SMTP TLS (JSON)."""
