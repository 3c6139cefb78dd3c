"""The docker command line: verbs, faults and what goes wrong."""

# ruff: noqa: T201 - printing is what this program is for

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable

from simulator.docker import store
from simulator.docker.store import DaemonError, NotStarted
from simulator.docker.template import TemplateError, render
from simulator.environment import fault, here
from simulator.options import UnknownFlag, parse

VERSION = "29.1.3"


def information(words: list[str]) -> int:
    """`docker info`."""
    options, _ = parse(words, "format/f=")
    facts = {
        "ServerVersion": VERSION, "OSType": "linux", "Architecture": "aarch64", "Driver": "overlay2",
        "Containers": len(store.containers()), "Images": len(store.images()), "DefaultRuntime": "runc",
        "Runtimes": {"nvidia": {"path": "nvidia-container-runtime"}, "runc": {"path": "runc"}},
        "DockerRootDir": "/var/lib/docker",
    }  # fmt: skip
    if options.get("format"):
        print(render(options.get("format"), facts))
        return 0
    print(f"Server:\n Containers: {facts['Containers']}\n Server Version: {VERSION}\n"
          " Runtimes: io.containerd.runc.v2 nvidia runc\n Default Runtime: runc")  # fmt: skip
    return 0


def version(words: list[str]) -> int:
    """`docker version`."""
    options, _ = parse(words, "format/f=")
    facts = {"Client": {"Version": VERSION}, "Server": {"Version": VERSION}}
    template = options.get("format", "Docker version {{.Client.Version}}, build f52814d")
    print(render(template, facts))
    return 0


VERBS = {
    "ps": "show.list_containers",
    "compose": "compose.main",
    "inspect": "show.inspect",
    "run": "lifecycle.run",
    "create": "lifecycle.create",
    "start": "lifecycle.start",
    "stop": "lifecycle.stop_command",
    "restart": "lifecycle.restart",
    "kill": "lifecycle.kill",
    "rm": "lifecycle.remove",
    "update": "update.update",
    "wait": "lifecycle.wait",
    "exec": "execute.execute",
    "cp": "execute.copy",
    "top": "execute.top",
    "logs": "logs.logs",
    "images": "images.list_images",
    "pull": "images.pull",
    "login": "images.login",
    "logout": "images.logout",
    "image inspect": "images.inspect_image",
    "tag": "carry.tag",
    "save": "carry.save",
    "load": "carry.load",
    "rmi": "carry.remove_image",
    "image rm": "carry.remove_image",
    "image ls": "images.list_images",
    "container inspect": "show.inspect",
    "container ls": "show.list_containers",
    "info": "main.information",
    "version": "main.version",
    "--version": "main.version",
}
"""Where each verb is; its module is imported when needed: commands are short, and there are thousands."""


def main(words: list[str]) -> int:
    """Run one docker command; 125 is docker's own failure, 1 the daemon's, as with the real one."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    verb = " ".join(words[:2]) if words[:1] in (["image"], ["container"]) else "".join(words[:1])
    if verb not in VERBS:
        print(f"docker: unknown command: docker {verb}", file=sys.stderr)
        return 1
    _record(words)
    if fault("docker-hang") is not None:
        time.sleep(3600)
    broken = fault(f"docker-{verb.split()[0]}")
    if broken is not None:
        status, message, only = [*broken.split("\n"), "", ""][:3]
        if only in " ".join(words):
            print(message, file=sys.stderr)
            return int(status or 1)
    return _run(verb, words[len(verb.split()) :])


def _record(words: list[str]) -> None:
    """Write the command line down where somebody wants to see them: HOST/docker/commands is there."""
    file = here() / "docker" / "commands"
    if file.exists():
        with file.open("a", encoding="utf-8") as commands:
            commands.write(json.dumps(words) + "\n")


def _run(verb: str, words: list[str]) -> int:
    prefix = "docker: " if verb == "run" else ""
    try:
        return _command(verb)(words)
    except UnknownFlag as flag:
        print(f"docker {verb}: unknown flag: {flag}", file=sys.stderr)
        return 125
    except TemplateError as error:
        print(error, file=sys.stderr)
        return 1
    except NotStarted as error:
        print(f"Error response from daemon: {error}", file=sys.stderr)
        return 1
    except DaemonError as error:
        print(f"{prefix}Error response from daemon: {error}", file=sys.stderr)
        return 125 if verb == "run" else 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _command(verb: str) -> Callable[[list[str]], int]:
    module, _, name = VERBS[verb].partition(".")
    found: Callable[[list[str]], int] = getattr(importlib.import_module(f"simulator.docker.{module}"), name)
    return found


def entry() -> None:
    """For the executable: ends without waiting for anything detached."""
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)
