"""The TLS context of a connection: with the system's certificates, or those of a private CA."""

import ssl
from pathlib import Path

from schemas.errors import ConfigError

__all__ = ["tls_context"]


def tls_context(ca_file: Path | None, where: str) -> ssl.SSLContext:
    """A context that verifies name and certificate, TLS 1.2 or later. Raises ConfigError."""
    problem = ""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        problem = "holds no certificate"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    if problem:
        raise ConfigError(
            f"{ca_file} {problem}",
            where=where,
            todo="name a PEM file with the certificate of the CA",
        )
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
