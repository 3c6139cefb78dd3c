"""systemd units of a simulated host: one small file each, which a person can edit."""

from __future__ import annotations

from pathlib import Path

UNITS = {
    "docker.service": "active",
    "ssh.service": "active",
    "systemd-timesyncd.service": "active",
    "nvidia-persistenced.service": "active",
    "fellowos-oom-protection.service": "inactive",
}


def write_units(folder: Path) -> None:
    """The units a host has from the start: `active` or `inactive` in a file by the unit's name."""
    folder.mkdir()
    for name, state in UNITS.items():
        (folder / name).write_text(f"{state}\n")
