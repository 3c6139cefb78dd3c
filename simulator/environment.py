"""What a process sees of its simulated host, or of the container it runs in: environment and faults."""

from __future__ import annotations

import os
from pathlib import Path

SIMULATOR = Path(__file__).resolve().parent
SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")


def host_environment(host: Path, scale: str, address: str, user: str = "spark") -> dict[str, str]:
    """Environment of a command that came by SSH: as sshd's for a non-login shell, plus SIM_*.

    `~/.local/bin` is not on PATH, as on the real thing: profile files are not read.
    """
    return {
        "HOME": str(home_of(host, user)),
        "USER": user,
        "LOGNAME": user,
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "PATH": _path(host, SIMULATOR / "bin"),
        "SIM_HOST_DIR": str(host),
        "SIM_SCALE": scale,
        "SIM_ADDRESS": address,
        "SYSFS_ROOT": str(host / "sys"),
    }


def home_of(host: Path, user: str) -> Path:
    """A user's home folder on a host: `home` is that of the first one, whom the launcher belongs to."""
    return host / ("home" if user == "spark" else f"home-{user}")


def container_environment(host: Path, name: str, identity: str, rootfs: Path) -> dict[str, str]:
    """Environment of a process inside a container, before the image's own and `-e`."""
    return {
        "HOME": str(rootfs / "root"),
        "HOSTNAME": host.name,
        "LANG": "C.UTF-8",
        "PATH": _path(host, SIMULATOR / "container_bin", SIMULATOR / "inside_bin"),
        "PYTHONPATH": str(SIMULATOR / "engine" / "site"),
        "SIM_HOST_DIR": str(host),
        "SIM_SCALE": os.environ["SIM_SCALE"],
        "SIM_ADDRESS": os.environ["SIM_ADDRESS"],
        "SIM_CONTAINER": name,
        "SIM_CONTAINER_ID": identity,
        "SIM_ROOTFS": str(rootfs),
    }


def here() -> Path:
    """The folder of the simulated host this process runs on."""
    return Path(os.environ["SIM_HOST_DIR"])


def scaled(seconds: float) -> float:
    """Seconds of the real thing as seconds of the simulation."""
    return seconds * float(os.environ["SIM_SCALE"])


def fault(name: str, host: Path | None = None) -> str | None:
    """Content of a fault's file on a host (this one by default), None when the fault is absent."""
    try:
        return ((host or here()) / "faults" / name).read_text().strip()
    except OSError:
        return None


def _path(host: Path, *first: Path) -> str:
    # DIR/bin holds python3, so that every stand-in runs under the simulator's own Python.
    return ":".join([*map(str, first), str(host.parent / "bin"), *SYSTEM_PATH])
