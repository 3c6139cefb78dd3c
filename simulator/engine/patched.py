"""Which patch the speech server of a container runs: it reads its files when it starts."""

import hashlib
import os
import re
from pathlib import Path

from simulator.engine.world import World

FILES = re.compile(r"^FILES = \(([^)]*)\)", re.MULTILINE)


def patch_of(world: World) -> str:
    """
    SHA-256 over the names and sums of the files that main.py names; blank for the image's own main.py.

    Ends the process when a fault says that it does not start with the patch.
    """
    folder = Path(os.environ.get("SIM_ROOTFS", "/nowhere")) / "app"
    if not (folder / "main.py").exists():
        return ""
    found = FILES.search((folder / "main.py").read_text())
    if not found:
        return ""
    if world.fault("patched-parakeet").name == "dies-at-start":
        raise SystemExit("RuntimeError: CUDA driver initialization failed")
    sums = "".join(
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in re.findall(r'"([\w.]+)"', found[1])
    )
    return hashlib.sha256(sums.encode()).hexdigest()
