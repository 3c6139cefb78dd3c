"""docker images, pull, login, image inspect: what a host can start containers from."""

# ruff: noqa: T201 - printing is what this program is for

from __future__ import annotations

import base64
import json
import os
import re
import sys
import time
from pathlib import Path

from simulator.docker.store import DaemonError, Json, image, images, now, record_image
from simulator.docker.template import render
from simulator.environment import fault, scaled
from simulator.options import UnknownFlag, parse

KEY = re.compile(r"nvapi-[\w-]{60,}|[a-zA-Z0-9]{82,86}==")
PULL_SECONDS = 90


def pull(words: list[str]) -> int:
    """`docker pull NAME...`."""
    options, names = parse(words, "quiet/q platform=")
    for name in names:
        _pull(name)
        if "quiet" not in options:
            print(f"Status: Downloaded newer image for {name}")
        print(name)
    return 0


def pull_if_missing(name: str) -> tuple[str, Json]:
    """An image's name and record, fetched when this host has none."""
    known = image(name)
    if known:
        return known
    print(f"Unable to find image '{_tagged(name)}' locally", file=sys.stderr)
    return name, _pull(name)


def login(words: list[str]) -> int:
    """`docker login REGISTRY -u USER --password-stdin`: the key is kept as docker keeps it, in base64."""
    options, registry = parse(words, "username/u= password-stdin")
    if "password-stdin" not in options:
        raise UnknownFlag("--password-stdin (missing: a key has no place on a command line)")
    where = (registry or ["docker.io"])[0]
    key = sys.stdin.read().strip()
    user = options.get("username")
    if where == "nvcr.io" and (user != "$oauthtoken" or not KEY.fullmatch(key)):
        raise DaemonError(f'Get "https://{where}/v2/": unauthorized: authentication required')
    file = _config()
    file.parent.mkdir(parents=True, exist_ok=True)
    auth = base64.b64encode(f"{user}:{key}".encode()).decode()
    file.write_text(json.dumps({"auths": _logins() | {where: {"auth": auth}}}))
    print(f"WARNING! Your password will be stored unencrypted in {file}.", file=sys.stderr)
    print("Login Succeeded")
    return 0


def logout(words: list[str]) -> int:
    """`docker logout REGISTRY`."""
    _, registry = parse(words, "")
    where = (registry or ["docker.io"])[0]
    kept = {name: auth for name, auth in _logins().items() if name != where}
    if _config().exists():
        _config().write_text(json.dumps({"auths": kept}))
    print(f"Removing login credentials for {where}")
    return 0


def _config() -> Path:
    """Where the client keeps its logins."""
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"


def _logins() -> Json:
    try:
        found: Json = json.loads(_config().read_text()).get("auths", {})
    except OSError:
        return {}
    return found


def list_images(words: list[str]) -> int:
    """`docker images`."""
    options, _ = parse(words, "quiet/q format= all/a no-trunc")
    if not options.get("format") and "quiet" not in options:
        print("REPOSITORY   TAG   IMAGE ID   CREATED   SIZE")
    for name, record in images().items():
        repository, _, tag = _tagged(name).rpartition(":")
        row = {
            "Repository": repository, "Tag": tag, "ID": record["Id"].removeprefix("sha256:")[:12],
            "CreatedAt": record["Created"], "Size": record.get("Size", "24.3GB"),
        }  # fmt: skip
        if options.get("format"):
            print(render(options.get("format"), row))
        else:
            print(row["ID"] if "quiet" in options else "   ".join(row.values()))
    return 0


def inspect_image(words: list[str]) -> int:
    """`docker image inspect [--format T] NAME...`."""
    options, names = parse(words, "format/f=")
    found, status = [], 0
    for name in names:
        known = image(name)
        if known:
            found.append(described(*known))
        else:
            print(f"Error response from daemon: No such image: {_tagged(name)}", file=sys.stderr)
            status = 1
    if options.get("format"):
        for one in found:
            print(render(options.get("format"), one))
    else:
        print(json.dumps(found, indent=4))
    return status


def described(name: str, record: Json) -> Json:
    """An image as `docker image inspect` shows it."""
    return {
        "Id": record["Id"],
        "RepoTags": [_tagged(name)],
        "RepoDigests": [f"{name.rpartition(':')[0] or name}@{record['Id']}"],
        "Created": record["Created"],
        "Architecture": "arm64",
        "Os": "linux",
        "Config": {key: record.get(key) or [] for key in ("Entrypoint", "Cmd", "Env")},
    }


def _pull(name: str) -> Json:
    """Fetch an image over scaled time; a name without a path is only ever built, never pulled."""
    registry = name.partition("/")[0]
    if "/" not in name:
        raise DaemonError(
            f"pull access denied for {name}, repository does not exist or may require 'docker login'"
        )
    if registry == "nvcr.io" and registry not in _logins():
        raise DaemonError('unauthorized: <a href="https://nvcr.io">authentication required</a>')
    if fault("disk-full") is not None:
        raise DaemonError("write /var/lib/docker/tmp/GetImageBlob: no space left on device")
    print(f"{_tagged(name).rpartition(':')[2]}: Pulling from {name}", file=sys.stderr)
    _layers()
    digest = _digest(f"{name} {now()}")
    server = ["nim-server", "--port", "9000"] if "/nim/" in name else []
    record = {
        "Id": f"sha256:{digest}",
        "Entrypoint": server,
        "Cmd": [] if server else ["bash"],
        "Env": [],
        "Created": now(),
    }
    record_image(name.removesuffix(":latest"), record)
    return record


def _layers() -> None:
    """What a pull without a terminal says of its layers while the time of a big image goes by."""
    names = [_digest(f"layer {number}")[:12] for number in range(4)]
    for name in names:
        print(f"{name}: Pulling fs layer", file=sys.stderr, flush=True)
    for name in names:
        time.sleep(scaled(PULL_SECONDS / len(names)))
        print(f"{name}: Download complete\n{name}: Pull complete", file=sys.stderr, flush=True)


def _tagged(name: str) -> str:
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _digest(text: str) -> str:
    import hashlib  # noqa: PLC0415 - loads OpenSSL: a third of the time of a `docker ps`, which needs none

    return hashlib.sha256(text.encode()).hexdigest()
