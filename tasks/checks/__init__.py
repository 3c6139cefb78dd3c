"""What should be true of a host, as values without I/O: one module for each kind of thing."""
