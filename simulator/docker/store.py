"""What the stand-in keeps of containers and images: JSON files in HOST/docker that a person can edit."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

from simulator.environment import fault, here
from simulator.processes import alive

Json = dict[str, Any]
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")


class DaemonError(Exception):
    """What docker prints after `Error response from daemon:`."""


class NotStarted(DaemonError):
    """PID 1 could not be executed."""


class Container:
    """One container's folder: spec.json, state.json, log.jsonl, rootfs/ and the fifos of its output."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self.log = folder / "log.jsonl"
        self.rootfs = folder / "rootfs"

    @property
    def spec(self) -> Json:
        return _read(self.folder / "spec.json")

    @property
    def state(self) -> Json:
        """State as docker reports it; a container whose shim died is one after a lock-up: 255."""
        state = _read(self.folder / "state.json")
        if state.get("Running") and not alive(state["ShimPid"], state["ShimStarted"]):
            state |= {"Running": False, "Status": "exited", "ExitCode": 255, "Pid": 0}
        return state

    @property
    def running(self) -> bool:
        return bool(self.state.get("Running"))

    @property
    def identity(self) -> str:
        return str(self.spec.get("Id", ""))

    def owns(self, environment: dict[str, str]) -> bool:
        """Whether a process with this environment runs inside."""
        return environment.get("SIM_CONTAINER_ID") == self.identity != ""

    def write_spec(self, spec: Json) -> None:
        _write(self.folder / "spec.json", spec)

    def update(self, **changes: object) -> None:
        _write(self.folder / "state.json", _read(self.folder / "state.json") | changes)

    def remove(self) -> None:
        """Take it out of the listing at once, then delete its files."""
        trash = self.folder.parent.parent / f"removed-{os.urandom(4).hex()}"
        self.folder.rename(trash)
        shutil.rmtree(trash, ignore_errors=True)


def containers() -> list[Container]:
    """All containers of this host, newest first, as `docker ps` lists them."""
    found = [Container(file.parent) for file in _home().glob("*/spec.json")]
    return sorted(found, key=lambda one: str(one.spec.get("Created", "")), reverse=True)


def container(reference: str) -> Container:
    """The container of that name or id (or the start of its id)."""
    for one in containers():
        if reference == one.name or (len(reference) > 3 and one.identity.startswith(reference)):
            return one
    raise DaemonError(f"No such container: {reference}")


def new_container(name: str, spec: Json) -> Container:
    """A container's folder with its fifos, not yet started. Raises DaemonError when the name is taken."""
    if not NAME.fullmatch(name):
        raise DaemonError(f"Invalid container name ({name}), only {NAME.pattern} are allowed")
    made = Container(_home() / name)
    try:
        made.folder.mkdir(parents=True)
    except FileExistsError:
        raise DaemonError(
            f'Conflict. The container name "/{name}" is already in use by container '
            f'"{made.identity}". You have to remove (or rename) that container to be able to '
            "reuse that name."
        ) from None
    for folder in ("workspace", "root", "tmp"):
        (made.rootfs / folder).mkdir(parents=True)
    for stream in ("stdout", "stderr"):
        os.mkfifo(made.folder / stream)
    made.log.touch()
    made.update(Status="created", Running=False, Pid=0, ExitCode=0, RestartCount=0)
    made.write_spec({"Id": os.urandom(32).hex(), "Name": name, "Created": now()} | spec)
    return made


def images() -> dict[str, Json]:
    """Images of this host by name."""
    found = _read(here() / "docker" / "images.json")
    drifted = fault("image-drift")
    if drifted is not None and "vllm-node" in found:
        found["vllm-node"]["Id"] = drifted or "sha256:" + "d" * 64
    return found


def image(reference: str) -> tuple[str, Json] | None:
    """Name and record of an image given by name, name:tag or id."""
    name = reference.removesuffix(":latest")
    for known, record in images().items():
        hexadecimal = record["Id"].removeprefix("sha256:")
        wanted = reference.removeprefix("sha256:")
        if name == known or (len(wanted) >= 12 and hexadecimal.startswith(wanted)):
            return known, record
    return None


def record_image(name: str, record: Json) -> None:
    """Keep a new image, or a new record of one."""
    file = here() / "docker" / "images.json"
    _write(file, _read(file) | {name: record})


def forget_image(name: str) -> None:
    """Drop an image of that name."""
    file = here() / "docker" / "images.json"
    _write(file, {known: record for known, record in _read(file).items() if known != name})


def now() -> str:
    """The time as docker writes it, RFC 3339 with nanoseconds."""
    nanoseconds = time.time_ns()
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(nanoseconds // 10**9))
    return f"{seconds}.{nanoseconds % 10**9:09d}Z"


def _home() -> Path:
    return here() / "docker" / "containers"


def _read(file: Path) -> Json:
    try:
        found: Json = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    return found


def _write(file: Path, content: Json) -> None:
    # Written beside and moved, so that a reader never sees half a file.
    part = file.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(content, indent=1))
    part.replace(file)
