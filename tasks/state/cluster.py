"""The group "cluster": what the hosts need of each other, and the controller of them."""

from collections.abc import Mapping

from blocks.public_key import PublicKey
from tasks.check import TIMED_OUT, Unreadable, command
from tasks.checks.memory import GIB
from tasks.state.check import Facts, Fix, Judged, StateCheck

HEADROOM_GIB = 20
JUMBO = 9000
HANGS = str(TIMED_OUT)
RESTRICTED = ("restrict", "no-pty")


class ClusterCheck(StateCheck):
    """A check of this group."""

    group = "cluster"


class Clock(ClusterCheck):
    """
    The clock is kept by the network.

    Asked: `timedatectl show -p NTPSynchronized`.
    Wanted: yes, by whatever service of the host does it.
    Fix: `timedatectl set-ntp true`, as root.
    Source: spark-tools.md 6.2, step 1; logs, tokens and copies by time stamp need one time on all hosts.
    """

    name = "clock"

    def judge(self, facts: Facts) -> Judged:
        said = facts.one("clock")
        if said not in ("yes", "no"):
            raise Unreadable(f"timedatectl does not say whether the clock is kept: {said or 'nothing'}")
        faults = () if said == "yes" else ("the clock is not kept by the network",)
        return Judged(f"synchronized: {said}", faults)

    def fix(self, facts: Facts) -> Fix:
        del facts
        return Fix("Have the clock kept by the network.", (command("timedatectl", "set-ntp", "true"),))


class Disk(ClusterCheck):
    """
    There is head-room on the disks.

    Asked: `df` of `/` and of the Hugging Face cache.
    Wanted: 20 GiB free on each, as much as an image that is loaded anew takes; weights are counted by their
        download.
    Fix: none: a person says what can go, in the dashboard or by `delete-weights`.
    Source: spark-tools.md 6.1, the model cache that lands on a root of limited size.
    """

    name = "disk"

    def judge(self, facts: Facts) -> Judged:
        facts.one("disk")
        places = [_place(line) for line in facts.every("disk")]
        found = ", ".join(f"{free / GIB:.0f} GiB free on {place}" for place, free in places)
        short = [place for place, free in places if free < HEADROOM_GIB * GIB]
        return Judged(found, tuple(f"less than {HEADROOM_GIB} GiB are free on {place}" for place in short))


class Docker(ClusterCheck):
    """
    Docker answers without sudo.

    Asked: `docker ps -q` as our user.
    Wanted: an answer.
    Fix: the user joins the group docker, where that is what is missing; by a person, for that group is as
        good as root.
    Source: spark-tools.md 5.3.
    """

    name = "docker"

    def judge(self, facts: Facts) -> Judged:
        code = facts.one("docker_code")
        if code == "0":
            return Judged("docker answers")
        said = facts.one("docker_said")
        fault = {
            "127": "docker is not installed",
            HANGS: "docker does not answer",
            "137": "docker does not answer",
        }.get(code, "our user may not speak to docker" if _refused(said) else f"docker fails: {said}")
        return Judged(said or f"exit code {code}", (fault,))

    def fix(self, facts: Facts) -> Fix | None:
        if not _refused(facts.one("docker_said")):
            return None
        user = facts.host.user
        why = "whoever is in group docker is as good as root"
        join = command("usermod", "-aG", "docker", user)
        return Fix(f"Put {user} into the group docker.", (join,), by_hand=why)


class Image(ClusterCheck):
    """
    The launcher's image is the same on every host.

    Asked: `docker image inspect` of the cluster's image.
    Wanted: one identity on all hosts that were looked at.
    Fix: none here: `update-launcher` builds the image and copies it to every host.
    Source: spark-tools.md 6.2: parity of the images takes the place of equal environments.
    """

    name = "image"

    def judge(self, facts: Facts) -> Judged:
        own, others = facts.one("image"), facts.elsewhere("image")
        if not facts.others:
            return Judged(own[:19], skipped="there is no other host to compare it with")
        if not own and not others:
            return Judged("no image", skipped="no host has the image")
        if not own:
            return Judged("no image", (f"the image is missing here, {_names(others)} has it",))
        different = {name: identity for name, identity in others.items() if identity != own}
        faults = (f"another image than on {_names(different)}",) if different else ()
        return Judged(own[:19], faults)


class Link(ClusterCheck):
    """
    The fast link is up.

    Asked: the interface that has the host's fabric address, and the state of its RoCE adapter in
        `/sys/class/infiniband`.
    Wanted: the address is there, and its adapter is ACTIVE.
    Fix: none: a cable, a port or an address is put right by a person.
    Source: spark-tools.md 5.5.
    """

    name = "link"

    def judge(self, facts: Facts) -> Judged:
        if not facts.host.fabric_address:
            return Judged("", skipped="the host has no fabric address in the settings")
        interface = facts.one("fabric")
        if not interface:
            return Judged("no interface", (f"no interface has {facts.host.fabric_address}",))
        ports = [line.split(" ") for line in facts.every("link")]
        states = {port[1]: port[2] for port in ports if len(port) == 3}
        state = states.get(interface, "without an RDMA adapter")
        faults = () if state == "ACTIVE" else (f"the fast link at {interface} is {state}",)
        return Judged(f"{interface}: {state}", faults)


class Mtu(ClusterCheck):
    """
    The fast link takes large packets.

    Asked: the MTU of the interface that has the host's fabric address, by `ip link`.
    Wanted: 9000, on both ends of the cable.
    Fix: `netplan set` and `netplan apply`, as root; by a person, for the link is away for a moment.
    Source: spark-tools.md 5.5, the launcher's own notes on the network.
    """

    name = "mtu"

    def judge(self, facts: Facts) -> Judged:
        if not facts.host.fabric_address:
            return Judged("", skipped="the host has no fabric address in the settings")
        if not facts.one("fabric"):
            return Judged("", skipped="the fast link is not up")
        mtu = facts.one("mtu")
        if not mtu.isdecimal():
            raise Unreadable(f"ip does not tell the MTU of {facts.one('fabric')}")
        faults = () if int(mtu) == JUMBO else (f"the MTU is {mtu}, not {JUMBO}",)
        return Judged(f"MTU {mtu}", faults)

    def fix(self, facts: Facts) -> Fix:
        interface = facts.one("fabric")
        commands = (
            command("netplan", "set", "--origin-hint", "40-cx7", f"ethernets.{interface}.mtu={JUMBO}"),
            command("netplan", "apply"),
        )
        why = "the link is away for a moment, and with it a model that runs over it"
        return Fix(f"Set the MTU of {interface} to {JUMBO}.", commands, by_hand=why)


class OurKey(ClusterCheck):
    """
    The controller's key is good for this controller only, and for no terminal.

    Asked: the line of our public key in `~/.ssh/authorized_keys`.
    Wanted: the options `from=`, and `restrict` or `no-pty`.
    Fix: none: a wrong word in that line locks us out, so it is only reported.
    Source: sshd(8), the format of authorized_keys.
    """

    name = "our-key"

    def __init__(self, keys: Mapping[str, PublicKey | None]) -> None:
        self.keys = keys

    def judge(self, facts: Facts) -> Judged:
        key = self.keys.get(facts.host.name)
        if key is None:
            return Judged(
                "", skipped="the controller has no .pub file beside its key, which would tell its line"
            )
        facts.one("authorized_end")
        lines = (line.split() for line in facts.every("authorized"))
        words = next((line for line in lines if key.data in line and not line[0].startswith("#")), None)
        if words is None:
            return Judged("", skipped="our key is not in ~/.ssh/authorized_keys: it is let in by other means")
        options = " ".join(words[: words.index(key.data) - 1])
        faults = [] if "from=" in options else ["our key is taken from any address (from= is missing)"]
        if not any(word in options.split(",") for word in RESTRICTED):
            faults.append("our key may open a terminal (restrict or no-pty is missing)")
        return Judged(options or "no options", tuple(faults))


def checks(keys: Mapping[str, PublicKey | None]) -> tuple[StateCheck, ...]:
    """The checks of this group; `keys` are our public keys by host, None where it is not known."""
    return Clock(), Disk(), Docker(), Image(), Link(), Mtu(), OurKey(keys)


def _place(line: str) -> tuple[str, int]:
    free, _, place = line.partition(" ")
    if not free.isdecimal():
        raise Unreadable(f"df does not say how much is free on {place or 'the disk'}")
    return place, int(free)


def _refused(said: str) -> bool:
    return "permission denied" in said.lower()


def _names(hosts: dict[str, str]) -> str:
    return " and ".join(sorted(hosts))
