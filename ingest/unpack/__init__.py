"""From a raw mail or file to its report documents: MIME parts and archives, within limits."""
