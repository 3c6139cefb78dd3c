"""What a NIM needs on this host besides docker's own words: a login of its own, and its key in a file.

`GIVEN`: `verb` (login, start, forget) and `name`; to log in `registry`, `user` and `key`; to start `words`
(of docker, the word ENV_FILE among them) and `environment`.  A folder of mode 700 holds the login and the
file; `forget` removes it, as `start` does in any case.  Prints JSON.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

GIVEN: dict[str, Any]

FOLDER = Path.home() / ".local" / "state" / "spark-control" / "nim" / GIVEN["name"]


def forget() -> dict[str, Any]:
    """Remove the login and the file."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    return {"folder": str(FOLDER), "there": FOLDER.exists()}


def login() -> dict[str, Any]:
    """Log in to the registry; docker keeps that in our folder and nowhere else."""
    forget()
    FOLDER.mkdir(mode=0o700, parents=True)
    done = subprocess.run(
        ["docker", "login", GIVEN["registry"], "-u", GIVEN["user"], "--password-stdin"],
        env={**os.environ, "DOCKER_CONFIG": str(FOLDER)},
        input=GIVEN["key"].encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        forget()
        sys.exit(done.stderr.decode("utf-8", "replace").strip()[-600:] or "docker login failed")
    return {"folder": str(FOLDER), "there": True}


def start() -> dict[str, Any]:
    """Start the container with its variables in a file that nobody else can read, and that goes at once."""
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = FOLDER / "environment"
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as variables:
            variables.writelines(f"{name}={value}\n" for name, value in GIVEN["environment"].items())
        words = [str(file) if word == "ENV_FILE" else os.path.expanduser(word) for word in GIVEN["words"]]
        done = subprocess.run(words, capture_output=True, timeout=120, check=False)
    finally:
        forget()
    if done.returncode:
        sys.exit(done.stderr.decode("utf-8", "replace").strip()[-600:] or "docker run failed")
    return {"folder": str(FOLDER), "there": FOLDER.exists()}


VERBS = {"login": login, "start": start, "forget": forget}
sys.stdout.write(json.dumps(VERBS[GIVEN["verb"]]()))
