"""A job on this host that outlives the SSH session: begin it, look at it, stop it; prints JSON.

`GIVEN`: `verb` (begin, look, stop), `name`; to begin also `steps` (argument lists, run one after the other),
`environment` and `run`.  The verb `list` names the jobs that run.  A job's folder is
~/.cache/spark-control/jobs/NAME, with job.json, log and code.
"""

import contextlib
import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from typing import Any

GIVEN: dict[str, Any] = globals()["GIVEN"]

JOBS = os.path.expanduser("~/.cache/spark-control/jobs")
FOLDER = os.path.join(JOBS, GIVEN["name"])
LOG_TAIL = 6000
GRACE_SECONDS = 10
SUPERVISE = 'bash -c "$1" > log 2>&1; echo $? > code.new && mv code.new code'
"""The exit code is written last and whole: while there is none, and no process, the job was killed."""


def start_of(pid: int) -> str:
    """When a process started, in clock ticks since boot; blank when there is none that lives."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            after_name = stat.read().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if after_name[0] == "Z" else after_name[19]


def read(name: str, folder: str = FOLDER) -> str:
    """The text of a file of a job; blank without one."""
    try:
        with open(os.path.join(folder, name), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - LOG_TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def job(folder: str = FOLDER) -> dict[str, Any]:
    """What was begun last; empty when nothing was."""
    try:
        found = json.loads(read("job.json", folder))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def lives(found: dict[str, Any]) -> bool:
    """True while the job's own first process is there: another process may have got its number since."""
    return bool(found) and start_of(found["pid"]) == found["start"] != ""


def look(*, begun: bool = False) -> dict[str, Any]:
    """Its state, as `tasks.job.JobState` reads it."""
    found = job()
    running = lives(found)
    code = read("code").strip()
    return {
        "known": bool(found),
        "running": running,
        "code": int(code) if code.isdigit() and not running else None,
        "begun": begun,
        "run": found.get("run", ""),
        "line": found.get("line", ""),
        "log": read("log"),
    }


def begin() -> dict[str, Any]:
    """Start it unless one of that name runs; two that begin at once take turns."""
    os.makedirs(FOLDER, mode=0o700, exist_ok=True)
    with open(os.path.join(FOLDER, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if lives(job()):
            return look()
        line = " && ".join(shlex.join(step) for step in GIVEN["steps"])
        for name in ("code", "log"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(os.path.join(FOLDER, name))
        child = subprocess.Popen(
            ["bash", "-c", SUPERVISE, "spark-job", line],
            cwd=FOLDER,
            env={**os.environ, **GIVEN["environment"]},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        noted = {"pid": child.pid, "start": start_of(child.pid), "run": GIVEN["run"], "line": line}
        with open(os.path.join(FOLDER, "job.json"), "w", encoding="utf-8") as file:
            json.dump(noted, file)
        return look(begun=True)


def stop() -> dict[str, Any]:
    """End it and all that it started; what it wrote stays."""
    found = job()
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not lives(found):
            break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(found["pid"], number)
        deadline = time.monotonic() + GRACE_SECONDS
        while lives(found) and time.monotonic() < deadline:
            time.sleep(0.05)
    return look()


def running() -> list[str]:
    """Names of the jobs that run."""
    names = sorted(os.listdir(JOBS)) if os.path.isdir(JOBS) else []
    return [name for name in names if lives(job(os.path.join(JOBS, name)))]


VERBS = {"begin": begin, "look": look, "stop": stop, "list": running}
sys.stdout.write(json.dumps(VERBS[GIVEN["verb"]]()))
