"""ps, pgrep, pkill and killall that see one simulated host or container only, never this machine.

A pattern meant for a simulated container would otherwise end processes of its neighbours.
"""

# ruff: noqa: T201 - printing is what this program is for

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from simulator.options import Options, UnknownFlag, parse
from simulator.processes import Signal, command_line, marked, send, signal_named

PS = "e/e f/f A/A a/a u/u x/x w/w pid/p= format/o= no-headers sort= cols= width="
PGREP = "full/f list-full/a list-name/l exact/x count/c newest/n oldest/o ignore-case/i euid/u="
COLUMNS = {"pid": "PID", "ppid": "PPID", "args": "COMMAND", "cmd": "CMD", "command": "COMMAND",
           "comm": "COMMAND", "user": "USER", "etimes": "ELAPSED", "rss": "RSS", "%cpu": "%CPU",
           "pcpu": "%CPU", "%mem": "%MEM", "pmem": "%MEM", "stat": "STAT"}  # fmt: skip


def visible() -> list[int]:
    """Processes of the container this runs in, or of the host with all its containers."""
    scope = "SIM_CONTAINER_ID" if "SIM_CONTAINER_ID" in os.environ else "SIM_HOST_DIR"
    inside = os.environ[scope]
    return sorted(marked(lambda environment: environment.get(scope) == inside))


def run(program: str, words: list[str]) -> int:
    """Run one of the four."""
    try:
        if program == "ps":
            return _ps(words)
        if program == "pgrep":
            return _pgrep(words)
        return _pkill(program, words)
    except UnknownFlag as flag:
        print(f"{program}: unknown argument: {flag}", file=sys.stderr)
        return 1


def _ps(words: list[str]) -> int:
    # BSD style, `ps aux`, has no dash.
    dashed = [f"-{word}" if re.fullmatch("[auxefw]+", word) else word for word in words]
    options, rest = parse(dashed, PS)
    if rest:
        raise UnknownFlag(rest[0])
    titled = [item for part in options.all("format") for item in part.split(",")]
    names = [item.rstrip("=") for item in titled] or ["user", "pid", "%cpu", "%mem", "args"]
    for name in names:
        if name not in COLUMNS:
            raise UnknownFlag(f"-o {name}")
    chosen = {int(pid) for part in options.all("pid") for pid in part.split(",")}
    if "no-headers" not in options and not all(item.endswith("=") for item in titled or [""]):
        print(" ".join(f"{COLUMNS[name]:<8}" for name in names).rstrip())
    shown = [pid for pid in visible() if not chosen or pid in chosen]
    for pid in shown:
        print(" ".join(f"{_cell(pid, name):<8}" for name in names).rstrip())
    return 0 if shown or not chosen else 1


def _cell(pid: int, name: str) -> str:
    if name in ("args", "cmd", "command"):
        return command_line(pid)
    if name == "comm":
        return _name(pid)
    fixed = {"pid": str(pid), "ppid": "1", "user": "spark", "stat": "Sl", "etimes": "1"}
    return fixed.get(name, "0.0")


def _pgrep(words: list[str]) -> int:
    options, patterns = parse(words, PGREP)
    found = _matching(options, patterns)
    if "count" in options:
        print(len(found))
    for pid in found if "count" not in options else []:
        label = command_line(pid) if "list-full" in options else _name(pid)
        shown = "list-full" in options or "list-name" in options
        print(f"{pid} {label}" if shown else pid)
    return 0 if found else 1


def _pkill(program: str, words: list[str]) -> int:
    number = Signal.SIGTERM
    if words and re.fullmatch(r"-(\d+|(SIG)?[A-Z]+\d?)", words[0]):
        number = signal_named(words[0][1:])
        words = words[1:]
    options, patterns = parse(words, f"{PGREP} signal= quiet/q")
    if options.get("signal"):
        number = signal_named(options.get("signal"))
    if program == "killall":
        options.add("exact", "true")
    found = _matching(options, patterns)
    for pid in found:
        send(pid, number)
    return 0 if found else 1


def _matching(options: Options, patterns: list[str]) -> list[int]:
    if len(patterns) != 1:
        raise UnknownFlag(f"pattern {' '.join(patterns) or '(missing)'}")
    pattern = re.compile(patterns[0], re.IGNORECASE if "ignore-case" in options else 0)
    match = pattern.fullmatch if "exact" in options else pattern.search
    text = command_line if "full" in options else _name
    # The shell that asks has the pattern in its own command line: left out, as nobody wants it.
    found = [pid for pid in visible() if pid != os.getppid() and match(text(pid))]
    if "newest" in options or "oldest" in options:
        found = found[-1:] if "newest" in options else found[:1]
    return found


def _name(pid: int) -> str:
    """The program's own name: a script is known by itself, not by its interpreter."""
    words = command_line(pid).split(" ")
    scripted = len(words) > 1 and re.match(r"(python|bash|sh|env)", Path(words[0]).name)
    return Path(words[1] if scripted and not words[1].startswith("-") else words[0]).name
