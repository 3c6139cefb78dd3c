"""What sensitive values look like, one file for each kind; values only, no I/O."""
