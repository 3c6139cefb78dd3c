"""docker exec, cp and top: reaching into a running container."""

# ruff: noqa: T201 - printing is what this program is for

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from simulator.docker.inside import as_inside, environment, find_program, place, translate
from simulator.docker.store import Container, DaemonError, container
from simulator.options import UnknownFlag, parse
from simulator.processes import command_line, marked

EXEC = "detach/d interactive/i tty/t env/e= env-file= workdir/w= user/u= privileged"


def execute(words: list[str]) -> int:
    """`docker exec`: this process becomes the command, so streams, signals and status are its own."""
    options, rest = parse(words, EXEC, until_word=True)
    if len(rest) < 2:
        raise UnknownFlag("container or command (missing)")
    if "tty" in options and not sys.stdin.isatty():
        print("the input device is not a TTY", file=sys.stderr)
        return 1
    one = container(rest[0])
    if not one.running:
        raise DaemonError(f"container {one.identity} is not running")
    variables = environment(one, options.all("env"))
    argv = translate(one, rest[1:])
    directory = translate(one, [options.get("workdir") or one.spec["Config"]["WorkingDir"]])[0]
    program = find_program(argv, variables["PATH"], directory)
    if not program:
        print(f'OCI runtime exec failed: exec failed: unable to start container process: exec: '
              f'"{rest[1]}": executable file not found in $PATH', file=sys.stderr)  # fmt: skip
        return 127
    os.chdir(directory)
    if "detach" in options:
        return _detach(argv, program, variables)
    if "interactive" not in options:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout.flush()
    return os.execve(program, argv, variables)  # noqa: S606 - this is what exec is


def copy(words: list[str]) -> int:
    """`docker cp`, in either direction; `-` (a tar stream) is not known."""
    _, paths = parse(words, "archive/a follow-link/L quiet/q")
    if len(paths) != 2 or "-" in paths:
        raise UnknownFlag(f"cp {' '.join(paths)}")
    source, target = (_side(path) for path in paths)
    if not source.exists():
        raise DaemonError(f"Could not find the file {paths[0]}")
    if target.is_dir() and not paths[0].endswith("/."):  # with it, what lies in the folder is copied
        target /= source.name
    elif not target.parent.is_dir():
        raise DaemonError(f"Could not find the file {Path(paths[1]).parent} in container")
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)
    print(f"Successfully copied {source.stat().st_size}B to {paths[1]}", file=sys.stderr)
    return 0


def top(words: list[str]) -> int:
    """`docker top NAME`: the container's processes as this machine counts them."""
    _, names = parse(words, "")
    one = container(names[0])
    if not one.running:
        raise DaemonError(f"container {one.identity} is not running")
    print("UID                 PID                 PPID                C                   "
          "STIME               TTY                 TIME                CMD")  # fmt: skip
    first = one.state["Pid"]
    for pid in sorted(marked(one.owns)):
        parent = os.getppid() if pid == first else first
        cells = ("root", pid, parent, 0, "00:00", "?", "00:00:00")
        print("".join(f"{cell:<20}" for cell in map(str, cells)) + as_inside(one, command_line(pid)))
    return 0


def _detach(argv: list[str], program: str, variables: dict[str, str]) -> int:
    """Start it in a session of its own, its output thrown away as `docker exec -d` does."""
    subprocess.Popen(
        argv, executable=program, env=variables, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return 0


def _side(path: str) -> Path:
    """`NAME:PATH` in a container, or a path of the host."""
    name, colon, inside = path.partition(":")
    if not colon or "/" in name:
        return Path(path)
    one: Container = container(name)
    return place(one, inside)
