"""The edge: our HTTP/1.1 server, made for bytes that pass through."""
