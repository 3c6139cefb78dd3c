"""`ip` of a simulated Spark: LAN enP7s7, fabric enp1s0f1np1, and the fabric's twin without a cable."""

# ruff: noqa: T201 - printing is what this program is for
from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from simulator.environment import here
from simulator.options import Options, UnknownFlag, parse

FLAGS = "oneline/o 4/4 family/f= br json/j"
FOREVER = "valid_lft forever preferred_lft forever"


class Interface(NamedTuple):
    """One network interface; without an address it is down."""

    number: int
    name: str
    address: str
    prefix: int
    mtu: int
    mac: str

    @property
    def state(self) -> str:
        return "UNKNOWN" if self.name == "lo" else "UP" if self.address else "DOWN"

    @property
    def flags(self) -> str:
        known = {"UNKNOWN": "LOOPBACK,UP,LOWER_UP", "UP": "BROADCAST,MULTICAST,UP,LOWER_UP"}
        return known.get(self.state, "NO-CARRIER,BROADCAST,MULTICAST,UP")

    @property
    def scope(self) -> str:
        if self.name == "lo":
            return "scope host"
        return f"brd {self.address.rpartition('.')[0]}.255 scope global noprefixroute"


def interfaces(host: Path | None = None) -> list[Interface]:
    """A host's interfaces (this one's by default), from its host.json."""
    facts = json.loads(((host or here()) / "host.json").read_text())
    last = int(facts["lan_address"].rpartition(".")[2])
    mac = f"3c:6d:66:00:{last:02x}"
    return [
        Interface(1, "lo", "127.0.0.1", 8, 65_536, "00:00:00:00:00:00"),
        Interface(2, "enP7s7", facts["lan_address"], 24, 1500, f"{mac}:01"),
        Interface(4, "enp1s0f1np1", facts["fabric_address"], 24, 9000, f"{mac}:02"),
        Interface(5, "enP2p1s0f1np1", "", 0, 1500, f"{mac}:03"),
    ]


def main(words: list[str]) -> int:
    """`ip [-o|-br|-j] [-4|-f inet] addr|link|route [show] [[dev] NAME]`."""
    try:
        # iproute2 takes long names with one dash.
        options, rest = parse([f"-{word}" if word == "-br" else word for word in words], FLAGS)
        return _show(options, rest)
    except UnknownFlag as flag:
        print(f"ip: unknown argument: {flag} ({' '.join(words)})", file=sys.stderr)
        return 1


def _show(options: Options, rest: list[str]) -> int:
    thing, *names = [word for word in rest if word not in ("show", "list", "dev")] or [""]
    if thing in ("route", "r") and names == ["default"]:
        names = []
    chosen = [one for one in interfaces() if not names or one.name in names]
    if not chosen or len(names) > 1:
        print(f'Device "{names[-1]}" does not exist.', file=sys.stderr)
        return 1
    if thing in ("a", "addr", "address", "link", "l"):
        show = _form(options, links=thing in ("link", "l"))
        if "json" in options:
            print(json.dumps([_json(one) for one in chosen]))
            return 0
        for one in chosen:
            if one.address or "4" not in options:
                print(show(one), end="")
    elif thing in ("route", "r"):
        lan = interfaces()[1].address.rpartition(".")[0]
        print(f"default via {lan}.1 dev enP7s7 proto dhcp metric 100")
    else:
        raise UnknownFlag(thing)
    return 0


def _form(options: Options, *, links: bool) -> Callable[[Interface], str]:
    if "br" in options:
        return _brief_link if links else _brief
    if "oneline" in options and not links:
        return _one_line
    return _link if links else _full


def _brief(one: Interface) -> str:
    address = f"{one.address}/{one.prefix}" if one.address else ""
    return f"{one.name:<16} {one.state:<14} {address} \n"


def _brief_link(one: Interface) -> str:
    return f"{one.name:<16} {one.state:<14} {one.mac} <{one.flags}> \n"


def _one_line(one: Interface) -> str:
    if not one.address:
        return ""
    where = f"{one.number}: {one.name}    inet {one.address}/{one.prefix} {one.scope} {one.name}"
    return f"{where}\\       {FOREVER}\n"


def _link(one: Interface) -> str:
    kind = "loopback" if one.name == "lo" else "ether"
    return (
        f"{one.number}: {one.name}: <{one.flags}> mtu {one.mtu} qdisc mq state {one.state} "
        f"group default qlen 1000\n    link/{kind} {one.mac} brd ff:ff:ff:ff:ff:ff\n"
    )


def _full(one: Interface) -> str:
    address = f"    inet {one.address}/{one.prefix} {one.scope} {one.name}\n       {FOREVER}\n"
    return _link(one) + (address if one.address else "")


def _json(one: Interface) -> dict[str, object]:
    inet = {"family": "inet", "local": one.address, "prefixlen": one.prefix}
    return {
        "ifindex": one.number,
        "ifname": one.name,
        "flags": one.flags.split(","),
        "mtu": one.mtu,
        "operstate": one.state,
        "address": one.mac,
        "addr_info": [inet] if one.address else [],
    }
