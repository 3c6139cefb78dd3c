"""The clocks of the ledger: the one place where its records get their time from."""

import time
from functools import cache
from pathlib import Path


def now() -> float:
    """Seconds since 1970, by the wall clock: a person or a time server may set it at any moment."""
    return time.time()


def since_boot() -> float:
    """Seconds since this machine booted, time asleep included; nobody can set it, and it only grows."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@cache
def boot_id() -> str:
    """Which boot of which machine this is; blank where the system does not say (proc(5))."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
