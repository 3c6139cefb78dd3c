"""A NIM: it asks for its key, downloads its model into its cache, and then is Magpie's service."""

import os
import re
import sys
import time
from pathlib import Path

from simulator.engine.magpie import service
from simulator.environment import fault, scaled
from simulator.owners import owner

CACHE = "opt/nim/.cache"
UID = 1000  # of the user it runs as
KEY = re.compile(r"nvapi-[\w-]{60,}|[a-zA-Z0-9]{82,86}==")
DOWNLOAD_SECONDS = 60
STEPS = 3


def main(words: list[str]) -> int:
    """Start, or say why not as the real one does."""
    if fault("nim") == "silent":
        time.sleep(3600)
    if not KEY.fullmatch(os.environ.get("NGC_API_KEY", "")) or fault("nim") == "refused":
        sys.stderr.write("nim_hub_ngc: Error: request failed: 401 Unauthorized (NGC_API_KEY)\n")
        return 1
    cache = Path(os.environ["SIM_ROOTFS"]) / CACHE
    if not cache.exists() or owner(cache) != UID:
        sys.stderr.write("ManifestDownloadError: Permission denied (os error 13): /opt/nim/.cache/ngc\n")
        return 1
    for step in range(1, STEPS + 1):
        sys.stdout.write(f"INFO nim_hub_ngc: downloading the model, part {step} of {STEPS}\n")
        sys.stdout.flush()
        time.sleep(scaled(DOWNLOAD_SECONDS / STEPS))
    (cache / "manifest.json").write_text("{}")
    return service().run(words)
