"""Runs flows: a Prefect worker with everything imported, and a process of its own for each run."""
