"""Probes: real work for each kind of service, small enough to be asked every few minutes."""
