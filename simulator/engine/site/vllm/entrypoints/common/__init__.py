"""Place of the server's arguments since 0.33."""
