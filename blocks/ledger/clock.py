"""The wall clock of the ledger: the one place where its records get their time from."""

import time


def now() -> float:
    """Seconds since 1970."""
    return time.time()
