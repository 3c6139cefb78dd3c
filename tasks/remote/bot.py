"""The bot's checkout and containers: look at them, or bring the checkout up to date; prints JSON.

`GIVEN`: `verb` (look, reset), `directory`, `branch`, `compose` (the words of docker compose) and, to look,
`fetch` (ask upstream first; it changes nothing in the checkout but what is known of upstream).
Reset writes what only this checkout has, changes and commits, to ~/.local/state/spark-control/bot first.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

GIVEN: dict[str, Any]

DIRECTORY = Path(os.path.expanduser(GIVEN["directory"]))
KEPT = Path.home() / ".local" / "state" / "spark-control" / "bot"
UPSTREAM = f"refs/remotes/origin/{GIVEN['branch']}"
MOST_COMMITS = 50
ADVICE = (
    "fatal: Could not read from remote repository.",
    "Please make sure you have the correct access rights",
    "and the repository exists.",
)  # what git says last, after the cause
QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=10"}


class Failed(Exception):
    """A program said no; the message is its last line."""


def say(*words: str, errors: str = "replace") -> str:
    """What a program prints in the checkout."""
    try:
        done = subprocess.run(
            words,
            cwd=DIRECTORY,
            env={**os.environ, **QUIET},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        said = [line for line in lines if line and line not in ADVICE] or lines
        raise Failed((said or [f"{words[0]} failed"])[-1])
    return done.stdout.decode("utf-8", errors)


def git(*words: str) -> str:
    """What git says, without the last end of a line."""
    return say("git", *words).rstrip("\n")


def commits() -> list[dict[str, Any]]:
    """The commits that the checkout lacks, newest first."""
    form = "--format=%H%x1f%ct%x1f%s%x1e"
    said = git("log", f"--max-count={MOST_COMMITS}", form, f"HEAD..{UPSTREAM}")
    rows = [entry.strip("\n").split("\x1f") for entry in said.split("\x1e") if entry.strip()]
    return [{"id": i, "at": int(at), "subject": subject} for i, at, subject in rows]


def in_the_way() -> list[str]:
    """Files that git does not know here, and that upstream has: a reset would write over them."""
    theirs = set(git("ls-tree", "-r", "--name-only", "-z", UPSTREAM).split("\0"))
    known = set(git("ls-files", "-z").split("\0"))
    return sorted(name for name in theirs - known - {""} if os.path.lexists(DIRECTORY / name))


def changes() -> list[str]:
    """Files that git knows and that are not as they were committed."""
    return [line[3:] for line in git("status", "--porcelain", "--untracked-files=no").splitlines()]


def checkout() -> dict[str, Any]:
    """What there is to be told of the checkout; `fault` when it is none."""
    try:
        found: dict[str, Any] = {"fault": "", "head": git("rev-parse", "HEAD")}
        found["on"] = git("rev-parse", "--abbrev-ref", "HEAD")
        found["dirty"] = changes()
    except Failed as error:
        return {"fault": f"{DIRECTORY} is no git checkout ({error})"}
    found["error"] = ""
    try:
        if GIVEN["fetch"]:
            git("fetch", "-q", "--no-tags", "origin", f"+refs/heads/{GIVEN['branch']}:{UPSTREAM}")
        found["behind"] = int(git("rev-list", "--count", f"HEAD..{UPSTREAM}"))
        found["ahead"] = int(git("rev-list", "--count", f"{UPSTREAM}..HEAD"))
        found["commits"], found["in_the_way"] = commits(), in_the_way()
    except Failed as error:
        found["error"] = str(error)
    return found


def containers() -> dict[str, Any]:
    """The containers of the project: older releases print one array, newer ones an object a line."""
    try:
        said = say(*GIVEN["compose"], "ps", "-a", "--format", "json").strip()
        rows = json.loads(said) if said.startswith("[") else [json.loads(line) for line in said.splitlines()]
    except (Failed, ValueError) as error:
        return {"compose_fault": str(error), "containers": []}
    words = ("Name", "Service", "State", "Status", "Health")
    told = [
        {
            **{word.lower(): str(row.get(word) or "") for word in words},
            "exit_code": row.get("ExitCode") or 0,
            "restarts": restarts(str(row.get("Name"))),
        }
        for row in rows
    ]
    return {"compose_fault": "", "containers": told}


def restarts(name: str) -> int:
    """How often docker has begun a container anew by itself; -1 when it does not say."""
    try:
        return int(say("docker", "inspect", "--format", "{{.RestartCount}}", name))
    except (Failed, ValueError):
        return -1


def keep() -> str:
    """Write what only this checkout has to a patch; its path, blank when there is nothing of that kind."""
    try:
        base = git("merge-base", "HEAD", UPSTREAM)
    except Failed:
        base = UPSTREAM  # nothing in common
    patch = say("git", "diff", "--binary", base, errors="surrogateescape")
    if not patch.strip():
        return ""
    KEPT.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = KEPT / f"{time.strftime('%Y-%m-%dT%H%M%S')}-{git('rev-parse', '--short', 'HEAD')}.patch"
    file.write_text(patch, encoding="utf-8", errors="surrogateescape")
    return str(file)


def reset() -> dict[str, Any]:
    """Make the checkout what upstream has; files that git does not know stay."""
    before, kept = git("rev-parse", "HEAD"), keep()
    git("checkout", "-q", "-f", "-B", GIVEN["branch"], UPSTREAM)
    return {"before": before, "head": git("rev-parse", "HEAD"), "patch": kept}


try:
    said = {**checkout(), **containers()} if GIVEN["verb"] == "look" else reset()
except Failed as error:
    sys.exit(str(error))
sys.stdout.write(json.dumps(said))
