"""docker ps and inspect: what there is, in docker's own shapes."""

# ruff: noqa: T201 - printing is what this program is for

from __future__ import annotations

import json
import re
import sys
import time
from datetime import datetime

from simulator.docker.images import described
from simulator.docker.store import Container, DaemonError, Json, container, containers, image
from simulator.docker.template import render
from simulator.options import Options, UnknownFlag, parse

COLUMNS = {
    "CONTAINER ID": "ID", "IMAGE": "Image", "COMMAND": "Command", "CREATED": "RunningFor",
    "STATUS": "Status", "PORTS": "Ports", "NAMES": "Names",
}  # fmt: skip


def list_containers(words: list[str]) -> int:
    """`docker ps`: running ones, or all with `-a`."""
    options, rest = parse(words, "all/a quiet/q no-trunc filter/f= format= latest/l last/n=")
    if rest:
        raise UnknownFlag(f"ps {rest[0]}")
    rows = [_row(one, "no-trunc" in options) for one in containers() if _listed(one, options)]
    template = options.get("format")
    if "quiet" in options:
        template = "{{.ID}}"
    if template == "json":
        template = "{{json .}}"
    if template.startswith("table ") or not template:
        _table(template.removeprefix("table ") or _default(), rows)
    else:
        for row in rows:
            print(render(template, row))
    return 0


def inspect(words: list[str]) -> int:
    """`docker inspect NAME...`: containers, or images when no container has the name."""
    options, names = parse(words, "format/f= type= size/s")
    found: list[Json] = []
    status = 0
    for name in names:
        thing = _find(name, options.get("type"))
        if thing:
            found.append(thing)
        else:
            what = options.get("type") or "object"
            print(f"Error: No such {what}: {name}", file=sys.stderr)
            status = 1
    if options.get("format"):
        for thing in found:
            print(render(options.get("format"), _whole(thing)))
    else:
        print(json.dumps(found, indent=4))
    return status


def _whole(thing: Json) -> Json:
    """As a template sees it: what JSON leaves out, a container's health for one, is there and empty."""
    return thing | {"State": {"Health": None, **thing["State"]}} if "State" in thing else thing


def _find(name: str, kind: str) -> Json | None:
    if kind != "image":
        try:
            return _described(container(name))
        except DaemonError:
            if kind == "container":
                return None
    known = image(name)
    return described(*known) if known else None


def _described(one: Container) -> Json:
    """A container as `docker inspect` shows it."""
    spec, state = one.spec, one.state
    words = [*spec["Config"]["Entrypoint"], *spec["Config"]["Cmd"]]
    return {
        "Id": spec["Id"],
        "Created": spec["Created"],
        "Path": words[0] if words else "",
        "Args": words[1:],
        "State": {
            "Status": state["Status"],
            "Running": state["Running"],
            "Paused": False,
            "Restarting": state["Status"] == "restarting",
            "OOMKilled": False,
            "Dead": False,
            "Pid": state["Pid"],
            "ExitCode": state["ExitCode"],
            "Error": state.get("Error", ""),
            "StartedAt": state.get("StartedAt", "0001-01-01T00:00:00Z"),
            "FinishedAt": state.get("FinishedAt", "0001-01-01T00:00:00Z"),
        },
        "Image": spec["Image"],
        "Name": f"/{one.name}",
        "RestartCount": state["RestartCount"],
        "Platform": "linux",
        "HostConfig": spec["HostConfig"],
        "Mounts": [_mount(volume) for volume in spec["HostConfig"]["Binds"]],
        "Config": spec["Config"],
        "NetworkSettings": {"Ports": {}, "Networks": {spec["HostConfig"]["NetworkMode"]: {}}},
    }


def _mount(volume: str) -> Json:
    source, target, *mode = [*volume.split(":"), ""][:3]
    return {
        "Type": "bind" if source.startswith("/") else "volume",
        "Source": source,
        "Destination": target,
        "RW": "ro" not in mode[0].split(","),
    }


def _listed(one: Container, options: Options) -> bool:
    shown = one.running or "all" in options or options.get("filter").startswith("status=")
    return shown and all(_passes(one, condition) for condition in options.all("filter"))


def _passes(one: Container, condition: str) -> bool:
    """A `--filter`: names are regular expressions, tried with and without the leading slash."""
    key, _, wanted = condition.partition("=")
    if key == "name":
        return any(re.search(wanted, name) for name in (one.name, f"/{one.name}"))
    if key == "status":
        return str(one.state["Status"]) == wanted
    if key == "id":
        return one.identity.startswith(wanted)
    if key == "ancestor":
        return str(one.spec["Config"]["Image"]).removesuffix(":latest") == wanted
    if key == "label":
        name, equals, value = wanted.partition("=")
        labels = one.spec["Config"]["Labels"]
        return name in labels and (not equals or labels[name] == value)
    raise UnknownFlag(f"--filter {condition}")


def _row(one: Container, whole: bool) -> dict[str, str]:
    spec, state = one.spec, one.state
    command = " ".join([*spec["Config"]["Entrypoint"], *spec["Config"]["Cmd"]])
    if len(command) > 20 and not whole:
        command = f"{command[:19]}…"
    labels = spec["Config"]["Labels"].items()
    return {
        "ID": spec["Id"] if whole else spec["Id"][:12],
        "Image": spec["Config"]["Image"],
        "Command": f'"{command}"',
        "CreatedAt": spec["Created"],
        "RunningFor": f"{_ago(spec['Created'])} ago",
        "Status": _status(state),
        "State": state["Status"],
        "Ports": ", ".join(f"0.0.0.0:{pair}" for pair in spec["HostConfig"]["PortBindings"]),
        "Names": one.name,
        "Labels": ",".join(f"{name}={value}" for name, value in labels),
        "Mounts": ",".join(spec["HostConfig"]["Binds"]),
        "Networks": spec["HostConfig"]["NetworkMode"],
        "LocalVolumes": "0",
        "Size": "0B",
    }


def _status(state: Json) -> str:
    if state["Status"] == "running":
        return f"Up {_ago(state['StartedAt'])}"
    if state["Status"] == "created":
        return "Created"
    ended = f"({state['ExitCode']}) {_ago(state.get('FinishedAt') or state['StartedAt'])} ago"
    return f"{state['Status'].capitalize()} {ended}"


def _ago(stamp: str) -> str:
    seconds = int(time.time() - datetime.fromisoformat(stamp[:26] + "+00:00").timestamp())
    for size, unit in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    if seconds < 1:
        return "Less than a second"
    return f"{seconds} seconds" if seconds < 60 else "About a minute"


def _default() -> str:
    return r"\t".join(f"{{{{.{field}}}}}" for field in COLUMNS.values())


def _table(template: str, rows: list[dict[str, str]]) -> None:
    headings = {field: title for title, field in COLUMNS.items()}
    fields = {field: headings.get(field, field.upper()) for field in (*COLUMNS.values(), "State")}
    lines = [render(template, row).split("\t") for row in [fields, *rows]]
    widths = [max(map(len, column)) + 3 for column in zip(*lines, strict=True)]
    for line in lines:
        print("".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
