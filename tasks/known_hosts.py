"""Where the keys of hosts that were trusted at the first contact are recorded, and under which name."""

import os
from pathlib import Path

from blocks.cluster import Host


def known_hosts_file() -> Path:
    """The file, from SPARK_KNOWN_HOSTS."""
    return Path(os.environ.get("SPARK_KNOWN_HOSTS", ".state/known_hosts"))


def known_name(host: Host) -> str:
    """A host's name in that file, as OpenSSH writes it."""
    return host.address if host.ssh_port == 22 else f"[{host.address}]:{host.ssh_port}"


def made_known_hosts_file() -> Path:
    """The same, made when it is missing."""
    file = known_hosts_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    return file
