"""What is new for the launcher's checkout on this host, without a change to it; prints JSON.

`GIVEN`: `directory`, and `fetch` (ask upstream; else tell what the last question brought).  News are fetched
into a repository of our own, ~/.cache/spark-control/launcher.git, which borrows the objects of the checkout.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

GIVEN: dict[str, Any]

DIRECTORY = Path(os.path.expanduser(GIVEN["directory"]))
OWN = Path.home() / ".cache" / "spark-control" / "launcher.git"
SEEN = "refs/heads/upstream"
MOST_COMMITS = 50
QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=10",
}


class GitFailed(Exception):
    """Git said no; the message is its last line."""


def git(*words: str) -> str:
    """What git says in the checkout, which it only reads."""
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=DIRECTORY,
            env={**os.environ, **QUIET},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitFailed(str(error)) from error
    if done.returncode:
        raise GitFailed((done.stderr.strip().splitlines() or ["git failed"])[-1])
    return done.stdout.rstrip("\n")


def own(*words: str) -> str:
    """What git says in our own repository."""
    return git(f"--git-dir={OWN}", *words)


def fetch(branch: str) -> None:
    """Bring what upstream has."""
    if not OWN.exists():
        OWN.parent.mkdir(parents=True, exist_ok=True)
        git("init", "-q", "--bare", str(OWN))
    objects = DIRECTORY / git("rev-parse", "--git-path", "objects")
    (OWN / "objects" / "info" / "alternates").write_text(f"{objects.resolve()}\n")
    remote = git("config", f"branch.{branch}.remote")
    theirs = git("config", f"branch.{branch}.merge")
    own("fetch", "-q", "--no-tags", git("remote", "get-url", remote), f"+{theirs}:{SEEN}")


def commits(head: str) -> list[dict[str, Any]]:
    """The commits that the checkout lacks, newest first."""
    form = "--format=%H%x1f%ct%x1f%s%x1f%b%x1e"
    said = own("log", f"--max-count={MOST_COMMITS}", form, f"{head}..{SEEN}")
    rows = [entry.strip("\n").split("\x1f") for entry in said.split("\x1e") if entry.strip()]
    return [
        {"id": i, "at": int(at), "subject": subject, "body": body.strip()[:2000]}
        for i, at, subject, body in rows
    ]


def news() -> dict[str, Any]:
    """All of it."""
    head = git("rev-parse", "HEAD")
    try:
        branch = git("symbolic-ref", "--short", "-q", "HEAD")
    except GitFailed:
        return {"fault": "the checkout is on no branch", "head": head}
    changed = git("status", "--porcelain", "--untracked-files=no").splitlines()
    found: dict[str, Any] = {
        "fault": "",
        "head": head,
        "branch": branch,
        "dirty": [line[3:] for line in changed],
    }
    found["error"] = ""
    try:
        if GIVEN["fetch"]:
            fetch(branch)
        found["behind"] = int(own("rev-list", "--count", f"{head}..{SEEN}"))
        found["ahead"] = int(own("rev-list", "--count", f"{SEEN}..{head}"))
        found["commits"] = commits(head)
    except GitFailed as error:
        found["error"] = str(error)
    return found


try:
    said = news()
except GitFailed as error:
    said = {"fault": f"{DIRECTORY} is no git checkout ({error})"}
sys.stdout.write(json.dumps(said))
