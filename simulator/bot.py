"""The bot on a simulated host: a user of its own, whose home holds a checkout with news upstream."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import yaml

from simulator.environment import home_of
from simulator.workshop import commit, git

BOT = "bot"
NEWS = (
    ("Answer in the language of the question", "polite = True\n"),
    ("Say when no model is loaded", "honest = True\n"),
)  # commits that upstream has and the checkout has not

# Written as JSON, which is YAML too: the stand-in for docker compose reads no more.
COMPOSE = {
    "services": {
        "app": {"build": ".", "restart": "unless-stopped", "environment": ["MODEL=auto"]},
        "memory": {"image": "ghcr.io/example/memory:1", "command": ["bot-app"], "restart": "unless-stopped"},
    }
}


def house_bot(folder: Path, host: Path, public: str) -> None:
    """Give a host its bot, and write bot.yaml: what the block Bot then holds; without git there is none."""
    if not shutil.which("git"):
        return
    home, upstream = home_of(host, BOT), folder / f"{BOT}.git"
    _publish(upstream)
    if not (home / BOT).exists():
        (home / ".ssh").mkdir(mode=0o700, parents=True, exist_ok=True)
        (home / ".ssh" / "authorized_keys").write_text(public)
        git(folder, "clone", "-q", str(upstream), str(home / BOT))
        git(home / BOT, "reset", "-q", "--hard", "start")
    settings = {
        "host": host.name, "user": BOT, "key_path": str(folder / "keys" / f"{BOT}_ed25519"),
        "directory": f"~/{BOT}", "branch": "main",
    }  # fmt: skip
    (folder / f"{BOT}.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))


def _publish(upstream: Path) -> None:
    """The bare repository that the checkout came from."""
    if upstream.exists():
        return
    with tempfile.TemporaryDirectory() as name:
        work = Path(name) / "work"
        work.mkdir()
        git(work, "init", "-q", "-b", "main")
        (work / "compose.yaml").write_text(json.dumps(COMPOSE, indent=2) + "\n")
        (work / "Dockerfile").write_text('FROM python:3.13-slim\nCOPY bot.py .\nENTRYPOINT ["bot-app"]\n')
        (work / "bot.py").write_text('"""A bot."""\n')
        (work / ".gitignore").write_text(".env\n")
        commit(work, "A bot")
        git(work, "tag", "start")
        for message, line in NEWS:
            with (work / "bot.py").open("a") as file:
                file.write(line)
            commit(work, message)
        git(work, "clone", "-q", "--bare", ".", str(upstream))
