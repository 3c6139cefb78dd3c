"""The control API: one controller for each noun."""
