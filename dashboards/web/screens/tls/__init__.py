"""TLS: sessions and failures."""
