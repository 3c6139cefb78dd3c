"""ssh, scp and rsync between simulated hosts: each peer is a folder beside this host's."""

# ruff: noqa: T201 - printing is what this program is for

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

from simulator.environment import fault, here, host_environment, scaled
from simulator.options import UnknownFlag, parse
from simulator.rsync import carry

SSH = "o/o= p/p= i/i= l/l= F/F= q/q n/n T/T x/x a/a A/A C/C 4/4 v/v"
SCP = "r/r q/q p/p C/C B/B P/P= o/o= i/i="
RSYNC = (
    "archive/a verbose/v protect-args/s secluded-args recursive/r links/l compress/z partial/P "
    "mkpath progress copy-unsafe-links sparse/S inplace delete quiet/q human-readable/h info= rsh/e= "
    "stats whole-file/W no-compress ignore-existing exclude= partial-dir= timeout="
)


class NoConnection(Exception):
    """The peer cannot be reached; the text is what ssh prints."""


def peer(destination: str) -> Path:
    """The folder of a host named `[user@]host`, checked for its faults. Raises NoConnection."""
    wanted = destination.rpartition("@")[2]
    for file in here().parent.glob("*/host.json"):
        facts = json.loads(file.read_text())
        if wanted in (facts["name"], facts["lan_address"], facts["fabric_address"]):
            return _checked(file.parent, wanted)
    if wanted in ("localhost", "127.0.0.1"):
        return here()
    raise NoConnection(f"ssh: Could not resolve hostname {wanted}: Name or service not known")


def environment_of(host: Path) -> dict[str, str]:
    """What a command gets on that host."""
    return host_environment(host, os.environ["SIM_SCALE"], os.environ["SIM_ADDRESS"])


def ssh(words: list[str]) -> int:
    """`ssh [flags] HOST COMMAND...`: words joined with spaces for the other host's bash, as ever."""
    options, rest = parse(words, SSH, until_word=True)
    if not rest:
        raise UnknownFlag("destination (missing)")
    host = peer(rest[0])
    time.sleep(float(fault("ssh-slow", host) or 0))
    if "n" in options:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(host / "home")
    # The launcher expands $HOME on the head, for hosts whose homes have the same path.
    line = " ".join(rest[1:]).replace(f"{here() / 'home'}/", f"{host / 'home'}/")
    command = ["-c", line] if line else []
    os.execvpe("bash", ["bash", *command], environment_of(host))  # noqa: S606 - becomes it


def scp(words: list[str]) -> int:
    """`scp [-r] SOURCE... TARGET` between hosts."""
    options, paths = parse(words, SCP)
    *sources, target = (_locate(path) for path in paths)
    flags = "-rL" if "r" in options else "-L"
    # Hosts share this machine's /tmp: what is copied onto itself has arrived.
    sources = [source for source in sources if not (target.exists() and target.samefile(source))]
    return _cp([flags, "--sparse=always"], [str(source) for source in sources], target) if sources else 0


def rsync(words: list[str]) -> int:
    """`rsync [flags] SOURCE... TARGET`: whole files are left alone, unfinished ones kept in --partial-dir."""
    options, paths = parse(words, RSYNC)
    *sources, target = (_locate(path) for path in paths)
    receiver = _host_of(target)
    if fault("disk-full", receiver) is not None:
        print(f'rsync: write failed on "{target}": No space left on device (28)', file=sys.stderr)
        return 11
    if "mkpath" in options:
        target.mkdir(parents=True, exist_ok=True)
    if "quiet" not in options:
        print("sending incremental file list")
    carried = 0
    for source, path in zip(sources, paths, strict=False):
        whole = path.endswith("/") or not source.is_dir()
        into = target if whole else target / source.name
        carried += carry(source, into, receiver, options)
    if "quiet" not in options:
        print(f"\nsent {carried:,} bytes  received 1,024 bytes  10,737,418,240.00 bytes/sec")
    return 0


def run(program: str, words: list[str]) -> int:
    """Run one of the three; ssh's own trouble is 255, as with the real one."""
    try:
        return {"ssh": ssh, "scp": scp, "rsync": rsync}[program](words)
    except UnknownFlag as flag:
        print(f"{program}: unknown argument: {flag} ({shlex.join(words)})", file=sys.stderr)
        return 1
    except NoConnection as trouble:
        print(trouble, file=sys.stderr)
        return 255 if program != "scp" else 1


def _checked(host: Path, wanted: str) -> Path:
    if fault("unreachable", host) is not None:
        raise NoConnection(f"ssh: connect to host {wanted} port 22: No route to host")
    if fault("ssh-hang", host) is not None:
        time.sleep(scaled(10))
        raise NoConnection("Connection timed out during banner exchange")
    if fault("ssh-peers", host) is not None:
        raise NoConnection(f"spark@{wanted}: Permission denied (publickey).")
    return host


def _locate(path: str) -> Path:
    """`[user@]host:path` or a local path; relative ones on a peer start at its home."""
    host, colon, rest = path.partition(":")
    if not colon or "/" in host:
        return Path(path)
    home = peer(host) / "home"
    own = f"{here() / 'home'}/"
    if rest.startswith(own):
        return home / rest.removeprefix(own)
    return home / rest.removeprefix("~/")


def _host_of(path: Path) -> Path:
    root = here().parent
    inside = path.absolute().is_relative_to(root)
    return root / path.absolute().relative_to(root).parts[0] if inside else here()


def _cp(flags: list[str], sources: list[str], target: Path) -> int:
    return subprocess.run(["cp", *flags, *sources, str(target)], check=False).returncode
