"""From a mailbox or folder to rows: source -> unpack -> parse -> verify -> enrich -> load."""
