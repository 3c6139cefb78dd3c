"""SSH keys for people to see: the public half of the controller's, and of the hosts' own."""

from pathlib import Path

from blocks.cluster import Host
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from blocks.public_key import PublicKey, read_public_key

KEYS = "ssh-key/"
"""Subjects of the ledger: `ssh-key/controller`, and `ssh-key/NAME` for a host's own."""
CONTROLLER = f"{KEYS}controller"


def controller_keys(hosts: list[Host]) -> dict[str, str]:
    """The public lines of the controller's keys, by the `key_path` that hosts name; those that are found."""
    found = {}
    for path in sorted({host.key_path for host in hosts}):
        try:
            text = Path(f"{path}.pub").expanduser().read_text(encoding="utf-8")
            found[path] = read_public_key(text).line
        except (OSError, ValueError):
            continue
    return found


def note_controller_keys(ledger: Ledger, hosts: list[Host]) -> None:
    """Write them down, so that the gateway, which reads no key files, can show them."""
    write_seen(ledger, CONTROLLER, dict(controller_keys(hosts)))


def note_own_key(ledger: Ledger, host: str, key: PublicKey | None) -> None:
    """Write down a host's own public key, blank without one."""
    write_seen(ledger, f"{KEYS}{host}", {"public": key.line if key else ""})
