"""docker compose: up, ps, restart and logs of a project whose compose.yaml is written as JSON."""

# ruff: noqa: T201 - printing is what this program is for

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

from simulator.docker import lifecycle, logs
from simulator.docker.images import pull_if_missing
from simulator.docker.shim import launch
from simulator.docker.store import Container, DaemonError, Json, containers, image, now, record_image
from simulator.options import Options, UnknownFlag, parse

FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
MARK = "com.docker.compose"


class Project:
    """A compose file and the containers that were made from it."""

    def __init__(self, named: str) -> None:
        found = [Path(named)] if named else [Path(name) for name in FILES]
        file = next((one for one in found if one.is_file()), None)
        if file is None:
            raise DaemonError("no configuration file provided: not found")
        self.name = file.resolve().parent.name
        self.services: dict[str, Json] = json.loads(file.read_text())["services"]

    def containers(self) -> list[Container]:
        """Those that are there, by service."""
        own = [
            one for one in containers() if one.spec["Config"]["Labels"].get(f"{MARK}.project") == self.name
        ]
        return sorted(own, key=_service)

    def up(self, options: Options) -> None:
        """Build what is to be built, then make or begin every container that is not as it should be."""
        for name, service in self.services.items():
            if "build" in service and ("build" in options or not image(self._image(name))):
                self._build(name)
            one = next((kept for kept in self.containers() if _service(kept) == name), None)
            identity = pull_if_missing(self._image(name))[1]["Id"]
            if one and one.spec["Image"] != identity:
                _quietly(lifecycle.remove, ["-f", one.name])
                one = None
            if one is None:
                _quietly(lifecycle.run, ["-d", *self._words(name)])
            elif not one.running:
                launch(one)
            print(f" Container {self.name}-{name}-1  Started", file=sys.stderr)

    def again(self, _: Options) -> None:
        """Restart every container."""
        _quietly(lifecycle.restart, [one.name for one in self.containers()])

    def rows(self, options: Options) -> None:
        """As `ps --format json` of Compose 2.21 and later shows them: one object a line."""
        for one in self.containers():
            if one.running or "all" in options:
                print(json.dumps(self._row(one)))

    def said(self, options: Options) -> None:
        """What every container printed last."""
        tail = options.get("tail", "all")
        for one in self.containers():
            records = list(logs.read(one, follow=False))
            for record in records[-int(tail) :] if tail.isdigit() else records:
                print(f"{_service(one)}-1  | {record['log']}", end="")

    def _row(self, one: Container) -> Json:
        state = one.state
        return {
            "Name": one.name, "Project": self.name, "Service": _service(one), "State": state["Status"],
            "Status": "Up" if one.running else "Exited", "Health": "", "ExitCode": state["ExitCode"],
            "Image": one.spec["Config"]["Image"], "ID": one.identity[:12], "Publishers": [],
        }  # fmt: skip

    def _image(self, name: str) -> str:
        return str(self.services[name].get("image") or f"{self.name}-{name}")

    def _build(self, name: str) -> None:
        digest = hashlib.sha256(f"{name} {now()}".encode()).hexdigest()
        record = {"Id": f"sha256:{digest}", "Entrypoint": ["bot-app"], "Cmd": [], "Env": [], "Created": now()}
        record_image(self._image(name), record)
        print(f"#1 building {self._image(name)}\n#1 DONE 2.1s", file=sys.stderr)

    def _words(self, name: str) -> list[str]:
        service = self.services[name]
        return [
            *("--name", f"{self.name}-{name}-1", "--restart", service.get("restart", "no")),
            *("--label", f"{MARK}.project={self.name}", "--label", f"{MARK}.service={name}"),
            *(word for pair in service.get("environment", ()) for word in ("-e", pair)),
            *(self._image(name), *service.get("command", ())),
        ]


def main(words: list[str]) -> int:
    """`docker compose [-f FILE] VERB`."""
    general, rest = parse(words, "file/f= ansi= progress=", until_word=True)
    verb = rest[0] if rest else ""
    if verb not in VERBS:
        raise UnknownFlag(f"compose {verb or '(no command)'}")
    flags, act = VERBS[verb]
    options, names = parse(rest[1:], flags)
    if names:
        raise UnknownFlag(f"compose {verb} {names[0]}")
    act(Project(general.get("file")), options)
    return 0


VERBS: dict[str, tuple[str, Callable[[Project, Options], None]]] = {
    "up": ("detach/d build remove-orphans quiet-pull", Project.up),
    "ps": ("all/a format=", Project.rows),
    "restart": ("timeout/t=", Project.again),
    "logs": ("no-color tail/n= timestamps/t", Project.said),
}


def _service(one: Container) -> str:
    return str(one.spec["Config"]["Labels"].get(f"{MARK}.service", ""))


def _quietly(act: Callable[[list[str]], int], words: list[str]) -> None:
    """What a verb of docker does, without what it prints; its failure is compose's."""
    if not words:
        return
    with contextlib.redirect_stdout(io.StringIO()):
        status = act(words)
    if status:
        raise DaemonError(f"a container could not be changed (exit code {status})")
