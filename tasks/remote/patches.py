"""The files of a container that are patched: look at them, put ours in their place, put those back.

`GIVEN`: `verb` (look, put, undo, forget), `container`, `directory` and `files`: names, or to put them text
by name; to put, `keep`: names whose original is kept beside the file, with `kept` at the end of its name.
What a file was before `put` stays on the host until `forget`.  Prints JSON.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

GIVEN: dict[str, Any]

NAME = GIVEN["container"]
BEFORE = Path.home() / ".local" / "state" / "spark-control" / "patches" / NAME
INSPECT = "{{.State.Status}} {{.HostConfig.Memory}} {{.Image}}"
VERSION = (
    "import importlib.metadata as m\n"
    "try: print(m.version('cuda-python'))\n"
    "except m.PackageNotFoundError: print()"
)


def docker(*words: str, timeout: float = 60) -> "subprocess.CompletedProcess[bytes]":
    """Run docker, whatever comes of it."""
    return subprocess.run(
        ["docker", *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False
    )


def must(*words: str) -> str:
    """Run docker; ends the script with docker's own words when that fails."""
    done = docker(*words)
    if done.returncode:
        sys.exit(said(done))
    return str(done.stdout.decode("utf-8", "replace")).strip()


def said(done: "subprocess.CompletedProcess[bytes]") -> str:
    """What a command that failed said."""
    text = str((done.stderr or done.stdout).decode("utf-8", "replace")).strip()
    return text[-600:] or f"docker failed with exit code {done.returncode}"


def inside(name: str) -> str:
    """The path of a file in the container."""
    return f"{GIVEN['directory'].rstrip('/')}/{name}"


def facts() -> tuple[str, int, str]:
    """State, memory cap in bytes (0: none) and image of the container; blank when there is none."""
    done = docker("inspect", "--type", "container", "--format", INSPECT, NAME)
    if done.returncode:
        if b"no such" in done.stderr.lower():
            return "", 0, ""
        sys.exit(said(done))
    state, memory, image = done.stdout.decode().split()
    return state, int(memory), image


def fetch(name: str, target: Path) -> bool:
    """Copy a file out of the container; False when there is none of that name."""
    done = docker("cp", "-L", f"{NAME}:{inside(name)}", str(target))
    if done.returncode:
        words = done.stderr.lower()
        if b"could not find" in words or b"no such file" in words or b"no such container:path" in words:
            return False
        sys.exit(said(done))
    if target.is_dir():
        sys.exit(f"{inside(name)} is a folder in the container")
    return True


def sums_by_copy(names: list[str]) -> dict[str, str]:
    """SHA-256 by name, of a container that does not run."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for place, name in enumerate(names):
            file = Path(folder) / str(place)
            if fetch(name, file):
                found[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def sums(names: list[str], state: str) -> dict[str, str]:
    """SHA-256 by name; files that are not there are left out."""
    if state != "running":
        return sums_by_copy(names)
    done = docker("exec", NAME, "sha256sum", "--", *map(inside, names))
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    found = {line[66:].rpartition("/")[2]: line[:64] for line in lines if len(line) > 66}
    missing = done.stderr.count(b"No such file")
    if len(found) + missing != len(names):
        sys.exit(said(done))
    return found


def look() -> dict[str, Any]:
    """What is there; changes nothing."""
    state, memory, _ = facts()
    if not state:
        return {"state": "", "memory": 0, "files": {}, "originals": {}, "cuda_python": ""}
    names = list(GIVEN["files"])
    found = sums([*names, *(name + GIVEN["kept"] for name in names)], state)
    version = docker("exec", NAME, "python3", "-c", VERSION).stdout.decode("utf-8", "replace").strip()
    return {
        "state": state,
        "memory": memory,
        "files": {name: found.get(name, "") for name in names},
        "originals": {name: found.get(name + GIVEN["kept"], "") for name in names},
        "cuda_python": version if state == "running" else "",
    }


def check_syntax(folder: Path, state: str, image: str) -> None:
    """Have the container's own Python compile the files, away from where they will be."""
    names = list(GIVEN["files"])
    if state == "running":
        place = "/tmp/spark-control-patches"  # noqa: S108 - in the container
        docker("exec", NAME, "rm", "-rf", place)
        must("cp", str(folder), f"{NAME}:{place}")
        done = docker("exec", NAME, "python3", "-m", "py_compile", *(f"{place}/{name}" for name in names))
        docker("exec", NAME, "rm", "-rf", place)
    else:
        words = ("run", "--rm", "--network", "none", "--entrypoint", "python3", "-v", f"{folder}:/patches")
        files = (f"/patches/{name}" for name in names)
        done = docker(*words, image, "-m", "py_compile", *files, timeout=120)
    if done.returncode:
        sys.exit(f"the container's Python does not take the files: {said(done)}")


def put() -> dict[str, Any]:
    """Put ours in their place; whatever fails, what was there before is there again."""
    state, _, image = facts()
    shutil.rmtree(BEFORE, ignore_errors=True)
    BEFORE.mkdir(mode=0o700, parents=True)
    with tempfile.TemporaryDirectory() as folder:
        ours = Path(folder) / "patches"
        ours.mkdir()
        for name, text in GIVEN["files"].items():
            (ours / name).write_text(text, encoding="utf-8")
            (ours / name).chmod(0o644)
        check_syntax(ours, state, image)
        shutil.rmtree(ours / "__pycache__", ignore_errors=True)
        there = [name for name in GIVEN["files"] if fetch(name, BEFORE / name)]
        (BEFORE / "absent.json").write_text(json.dumps([n for n in GIVEN["files"] if n not in there]))
        try:
            for name in there:
                if name in GIVEN["keep"]:
                    must("cp", str(BEFORE / name), f"{NAME}:{inside(name + GIVEN['kept'])}")
            for name in GIVEN["files"]:
                must("cp", str(ours / name), f"{NAME}:{inside(name)}")
        except BaseException:
            undo()
            raise
    return {"put": list(GIVEN["files"])}


def undo() -> dict[str, Any]:
    """Put back what was there before `put`."""
    if not (BEFORE / "absent.json").exists():
        return {"back": []}
    absent = json.loads((BEFORE / "absent.json").read_text())
    files = sorted(BEFORE.glob("*.py"))
    for file in files:
        must("cp", str(file), f"{NAME}:{inside(file.name)}")
    if absent and facts()[0] == "running":
        docker("exec", NAME, "rm", "-f", "--", *map(inside, absent))
    return {"back": [file.name for file in files]}


def forget() -> dict[str, Any]:
    """Remove what was kept on the host."""
    shutil.rmtree(BEFORE, ignore_errors=True)
    return {}


VERBS = {"look": look, "put": put, "undo": undo, "forget": forget}
sys.stdout.write(json.dumps(VERBS[GIVEN["verb"]]()))
