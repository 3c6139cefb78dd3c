"""docker run, create, start, stop, restart, kill, rm, wait: the life of a container."""

# ruff: noqa: T201 - printing is what this program is for

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from simulator.docker.images import pull_if_missing
from simulator.docker.inside import bind
from simulator.docker.logs import read, show
from simulator.docker.shim import GRACE_SECONDS, launch, stop
from simulator.docker.store import Container, DaemonError, Json, NotStarted, container, new_container
from simulator.docker.update import size
from simulator.environment import scaled
from simulator.options import Options, UnknownFlag, parse
from simulator.processes import Signal, end, send, signal_named

RUN = (
    "detach/d rm init privileged interactive/i tty/t name= network= net= env/e= env-file= volume/v= "
    "publish/p= gpus= cpus= ipc= ulimit= shm-size= memory/m= memory-swap= pids-limit= cap-add= cap-drop= "
    "device= entrypoint= restart= label/l= user/u= workdir/w= hostname/h= pull= runtime= "
    "security-opt= add-host= group-add= stop-timeout= read-only quiet/q"
)


def run(words: list[str]) -> int:
    """`docker run`: create, start, and stay attached unless detached."""
    options, rest = parse(words, RUN, until_word=True)
    one = _create(options, rest)
    records = read(one, follow=True)
    try:
        shim = launch(one, stdin="interactive" in options and "detach" not in options)
    except NotStarted as error:
        print(f"docker: Error response from daemon: {error}", file=sys.stderr)
        return 127
    if "detach" in options:
        print(one.identity)
        return 0
    return _attend(records, shim)


def create(words: list[str]) -> int:
    """`docker create`."""
    options, rest = parse(words, RUN, until_word=True)
    print(_create(options, rest).identity)
    return 0


def start(words: list[str]) -> int:
    """`docker start NAME...`."""

    def begin(one: Container, _: Options) -> None:
        if not one.running:
            launch(one)

    return _each(words, "", begin)


def stop_command(words: list[str]) -> int:
    """`docker stop [-t SECONDS] NAME...`."""
    return _each(words, "time/t= timeout=", _stop)


def restart(words: list[str]) -> int:
    """`docker restart NAME...`, which is not counted as a restart by policy."""

    def again(one: Container, options: Options) -> None:
        _stop(one, options)
        launch(one)

    return _each(words, "time/t= timeout=", again)


def kill(words: list[str]) -> int:
    """`docker kill [-s SIGNAL] NAME...`."""

    def strike(one: Container, options: Options) -> None:
        if not one.running:
            raise DaemonError(f"Cannot kill container: {one.name}: container is not running")
        if options.get("signal", "KILL").removeprefix("SIG") in ("KILL", "9"):
            stop(one, 0)
        else:
            send(one.state["Pid"], signal_named(options.get("signal")))

    return _each(words, "signal/s=", strike)


def remove(words: list[str]) -> int:
    """`docker rm [-f] NAME...`."""

    def delete(one: Container, options: Options) -> None:
        if one.running and "force" not in options:
            raise DaemonError(
                f'cannot remove container "/{one.name}": container is running: stop the container '
                "before removing or force remove"
            )
        stop(one, 0)
        end(one.owns)
        if one.folder.exists():
            one.remove()

    return _each(words, "force/f volumes/v", delete)


def wait(words: list[str]) -> int:
    """`docker wait NAME...`: the exit status of each, once it has ended."""
    for name in words:
        one = container(name)
        for _ in read(one, follow=True):
            pass
        print(one.state.get("ExitCode", 0))
    return 0


def _create(options: Options, rest: list[str]) -> Container:
    if not rest:
        raise UnknownFlag("image (missing)")
    _, record = pull_if_missing(rest[0])
    one = new_container(options.get("name") or _any_name(), _spec(options, rest[0], rest[1:], record))
    for volume in options.all("volume"):
        bind(one, volume)
    for path, content in record.get("Files", {}).items():
        file = one.rootfs / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return one


def _spec(options: Options, image: str, command: list[str], record: Json) -> Json:
    """What `docker inspect` says of a container as it was asked for."""
    cleared = options.all("entrypoint")
    entrypoint = record["Entrypoint"] if not cleared else [word for word in cleared[-1:] if word]
    policy, _, most = options.get("restart", "no").partition(":")
    return {
        "Image": record["Id"],
        "Config": {
            "Image": image,
            "Entrypoint": _published(entrypoint, options.all("publish")),
            "Cmd": command or ([] if cleared else record.get("Cmd", [])),
            "Env": [*record.get("Env", []), *_variables(options)],
            "Labels": dict(label.partition("=")[::2] for label in options.all("label")),
            "WorkingDir": options.get("workdir") or record.get("WorkingDir") or "/workspace",
            "User": options.get("user"),
            "Hostname": options.get("hostname") or os.uname().nodename,
        },
        "HostConfig": {
            "AutoRemove": "rm" in options,
            "Init": "init" in options,
            "Privileged": "privileged" in options,
            "NetworkMode": options.get("network") or options.get("net") or "bridge",
            "IpcMode": options.get("ipc") or "private",
            "ShmSize": options.get("shm-size") or "64m",
            "Memory": size(options.get("memory")),
            "Binds": options.all("volume"),
            "PortBindings": options.all("publish"),
            "RestartPolicy": {"Name": policy, "MaximumRetryCount": int(most or 0)},
        },
    }


def _published(entrypoint: list[str], ports: list[str]) -> list[str]:
    """All containers share one loopback here, so a published port is where the server itself listens."""
    pairs = dict(port.split("/")[0].split(":")[-2:][::-1] for port in ports if ":" in port)
    return [pairs.get(word, word) for word in entrypoint]


def _variables(options: Options) -> list[str]:
    """`-e` and `--env-file`; a name without a value is taken from the caller's environment."""
    found = []
    for file in options.all("env-file"):
        lines = Path(file).read_text(encoding="utf-8").splitlines()
        found += [line.strip() for line in lines if line.strip() and line[0] != "#"]
    for pair in options.all("env"):
        if "=" in pair:
            found.append(pair)
        elif pair in os.environ:
            found.append(f"{pair}={os.environ[pair]}")
    return found


def _attend(records: Iterator[dict[str, str]], shim: int) -> int:
    """Show the output of a foreground container, pass signals on, and give its exit status."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _: send(shim, Signal(received)))
    for record in records:
        show(record)
    return os.waitstatus_to_exitcode(os.waitpid(shim, 0)[1])


def _each(words: list[str], spec: str, act: Callable[[Container, Options], None]) -> int:
    """Do one thing to each container named, print those done; 1 when any failed."""
    options, names = parse(words, spec)
    if not names:
        raise UnknownFlag("container (missing)")
    status = 0
    for name in names:
        try:
            act(container(name), options)
            print(name)
        except DaemonError as error:
            print(f"Error response from daemon: {error}", file=sys.stderr)
            status = 1
    return status


def _stop(one: Container, options: Options) -> None:
    stop(one, scaled(float(options.get("time") or options.get("timeout") or GRACE_SECONDS)))


def _any_name() -> str:
    return f"quiet_{os.urandom(3).hex()}"
