"""Place of the server's arguments before 0.33."""
