"""Measures, on this machine, what the documents claim: the start of a run, and the gateway beside others."""
