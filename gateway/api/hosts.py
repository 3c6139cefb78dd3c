"""/api/hosts: wake a host, and the SSH keys that it is reached with and has."""

from typing import Literal

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from blocks.cluster import Host
from blocks.ledger.seen import Sight, read_seen
from blocks.model_files import mapping
from blocks.public_key import read_public_key
from gateway.api.runs import Started, started
from gateway.problem import Problem
from gateway.records import Records
from gateway.swaps import Swaps
from gateway.watch import Watch

WAKE = "wake-host/cluster"
CREATE_KEY = "create-ssh-key/cluster"

KEYS = "ssh-key/"
"""Subjects of the ledger under which the observer writes public keys: `controller`, and each host's own."""


class HowTo(msgspec.Struct, forbid_unknown_fields=True):
    """
    How to do it.

    Attributes:
        dry_run: Only say what would be done.
        approval: `ask`: the run waits for a go with its plan.
    """

    dry_run: bool = False
    approval: Literal["none", "ask"] = "none"


class KeyView(msgspec.Struct):
    """
    One public key.

    Attributes:
        public: The line of its .pub file.
        fingerprint: As `ssh-keygen -l` shows it.
        install: One line of shell that lets its holder in, to be run where it shall be let in.
        age_seconds: How long ago it was seen.
    """

    public: str
    fingerprint: str
    install: str
    age_seconds: float


class HostKeys(msgspec.Struct):
    """The keys of one host: the controller's for it, and its own; null where none was seen, with why."""

    host: str
    user: str
    controller: KeyView | None
    own: KeyView | None
    why: list[str]


class HostsApi(Controller):
    """Hosts."""

    path = "/api/hosts"
    tags = ("hosts",)

    @post("/{name:str}/wake", status_code=202)
    async def wake(
        self,
        name: FromPath[str],
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
        data: JSONBody[HowTo | None] = None,
    ) -> Started:
        """Wake it through the other hosts, then directly; the run ends when it answers over SSH."""
        return await _start(swaps, WAKE, _host(watch, name), data)

    @post("/{name:str}/ssh-key", status_code=202)
    async def create_key(
        self,
        name: FromPath[str],
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
        data: JSONBody[HowTo | None] = None,
    ) -> Started:
        """Give it an SSH key of its own; one that is there stays, and is shown."""
        return await _start(swaps, CREATE_KEY, _host(watch, name), data)

    @get("/{name:str}/ssh-key")
    async def keys(
        self, name: FromPath[str], records: NamedDependency[Records], watch: NamedDependency[Watch]
    ) -> HostKeys:
        """The controller's public key with a line that installs it on the host, and the host's own."""
        host, seen = _host(watch, name), await records.ask(read_seen, KEYS)
        ours = _key(seen.get(f"{KEYS}controller"), host.key_path)
        own = _key(seen.get(f"{KEYS}{name}"), "public")
        why = [] if ours else [f"no public key of the controller was seen in {host.key_path}.pub"]
        why += [] if own else [f"no key of its own was seen on {name}"]
        return HostKeys(name, host.user, ours, own, why)


async def _start(swaps: Swaps, deployment: str, host: Host, how: HowTo | None) -> Started:
    how = how or HowTo()
    parameters = {"host": host.name, "dry_run": how.dry_run, "approval": how.approval}
    return started(await swaps.start_other(deployment, parameters))


def _host(watch: Watch, name: str) -> Host:
    try:
        return watch.settings.cluster.host(name)
    except LookupError as error:
        raise Problem(404, str(error), "unknown_host", param="name") from None


def _key(sight: Sight | None, name: str) -> KeyView | None:
    """The key of that name among what was seen; None for what is none."""
    if sight is None:
        return None
    try:
        key = read_public_key(str(mapping(sight.data).get(name) or ""))
    except ValueError:
        return None
    return KeyView(key.line, key.fingerprint, key.install_line, round(sight.age_seconds, 1))
