"""Write down what a download is to bring, or name its snapshot as the one that counts; prints nothing.

`GIVEN`: `cache`, `folder` (models--org--name), `commit`, and either `wanted` (path to size) or `ref`.
"""

import json
import os
from typing import Any

GIVEN: dict[str, Any] = globals()["GIVEN"]

CACHE = os.path.expanduser(GIVEN["cache"] or os.environ.get("HF_HOME") or "~/.cache/huggingface")
REPO = os.path.join(CACHE, "hub", GIVEN["folder"])


def put(path: str, text: str) -> None:
    """Write a file whole or not at all."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


if "wanted" in GIVEN:
    put(os.path.join(REPO, ".spark", GIVEN["commit"] + ".json"), json.dumps(GIVEN["wanted"]))
else:
    put(os.path.join(REPO, "refs", GIVEN["ref"]), GIVEN["commit"])
