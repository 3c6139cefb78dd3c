"""Waking a host: the magic packet through the other hosts, then directly, until SSH answers."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.cluster import Cluster, Host
from blocks.ledger.seen import read_seen
from blocks.ledger.store import Ledger
from tasks.check import Answer, Command, command
from tasks.outcome import Failed
from tasks.remote import script_with
from tasks.report import Report
from tasks.ssh import OutputTooLong, Unreachable, run

WAIT_SECONDS = 300.0
"""A Spark takes a minute or two from the packet until SSH answers."""
AGAIN_SECONDS = 10.0
"""A packet may be lost, or come while the network card is not listening yet."""
LOOK_SECONDS = 2.0

ADVICE = (
    "Press its power button; and see that Wake-on-LAN is on in its firmware, that the MAC address is right, "
    "and that the host stands in the same network"
)


@dataclass(frozen=True)
class Way:
    """One place that a packet is sent from: `name` for people, `send` with the answer of remote/wake.py."""

    name: str
    send: Callable[[Command], Answer]


@dataclass
class Wake:
    """
    One waking.

    Attributes:
        seconds: How long it may take in all; each way has an equal share.
        mac: Of the host's LAN interface, once looked.
    """

    cluster: Cluster
    ledger: Ledger
    report: Report
    host: Host
    seconds: float = WAIT_SECONDS
    mac: str = ""

    @property
    def ways(self) -> list[Way]:
        """Through every other host, then directly; which of them can be reached shows when it is tried."""
        others = [host for host in self.cluster.hosts if host.name != self.host.name]
        through = [Way(other.name, lambda asked, other=other: run(other, asked)) for other in others]  # type: ignore[misc]
        return [*through, Way("the controller", on_controller)]

    def look(self) -> bool:
        """True when it is awake already; `Failed` when a packet would not help or cannot be sent."""
        self.report.phase("looking", f"looking whether {self.host.name} is awake", 0.02)
        try:
            if run(self.host, command("true")).ok:
                return True
        except Unreachable as error:
            if error.line != "unreachable":
                raise Failed(f"it is on, so waking it does not help: {error}") from error
        self.mac = self.host.mac or self._seen_mac()
        if not self.mac:
            raise Failed(
                f"the MAC address of {self.host.name} is not known, for it was never seen switched on: "
                "write it into the settings (Cluster, the host's 'mac')"
            )
        return False

    def sentences(self) -> list[str]:
        """What waking it will do."""
        names = " and ".join(way.name for way in self.ways[:-1])
        first = f"Send the packet that wakes {self.mac} from {names}." if names else ""
        direct = f"Send it from the controller{', if that does not help' if names else ''}."
        said = [first, direct, f"Wait until {self.host.name} answers over SSH, {self.seconds:.0f} s at most."]
        return [sentence for sentence in said if sentence]

    def wake(self) -> str:
        """Send packets until it answers; returns which way worked, `Failed` after the time."""
        began, doubts = time.monotonic(), list[str]()
        for number, way in enumerate(self.ways, start=1):
            until = began + self.seconds * number / len(self.ways)
            try:
                woken = self._try(way, began, until)
            except (Unreachable, OutputTooLong, Failed) as error:
                doubts.append(str(error))
                continue
            if woken:
                took = time.monotonic() - began
                return (
                    f"{self.host.name} is awake: it answered {took:.0f} s later to a packet from {way.name}."
                )
        told = "".join(f" ({doubt})" for doubt in doubts)
        raise Failed(f"{self.host.name} did not answer within {self.seconds:.0f} s{told}. {ADVICE}")

    def answers(self) -> bool:
        """True when a command runs on it."""
        try:
            return run(self.host, command("true")).ok
        except Unreachable:
            return False

    def _try(self, way: Way, began: float, until: float) -> bool:
        """Send from one place again and again; True as soon as the host answers."""
        packet = packet_command(self.mac, self.host.wake_address, self.host.wake_port)
        while (now := time.monotonic()) < until:
            if not (answer := way.send(packet)).ok:
                raise Failed(f"the packet could not be sent from {way.name}: {answer.said}")
            while time.monotonic() < min(now + AGAIN_SECONDS, until):
                self._tell(way, began)
                if self.answers():
                    return True
                time.sleep(LOOK_SECONDS)
        return False

    def _tell(self, way: Way, began: float) -> None:
        spent = time.monotonic() - began
        message = f"a packet was sent from {way.name}; waiting for {self.host.name} to answer"
        self.report.phase("waking", message, 0.05 + 0.9 * spent / self.seconds)

    def _seen_mac(self) -> str:
        """The address that the observer saw while the host was on."""
        subject = f"host/{self.host.name}"
        sight = read_seen(self.ledger, subject).get(subject)
        return str((sight.data if sight else {}).get("mac") or "")


@task(name="wake", task_run_name="wake {waking.host.name}", cache_policy=NO_CACHE)
def wake_up(waking: Wake) -> str:
    """Wake a host; which way worked."""
    return waking.wake()


def packet_command(mac: str, address: str, port: int) -> Command:
    """Sends the magic packet from wherever it runs."""
    return command("python3", "-", stdin=script_with("wake.py", mac=mac, address=address, port=port))


def on_controller(asked: Command) -> Answer:
    """Run a command of python3 on this machine."""
    try:
        done = subprocess.run(
            [sys.executable, *asked.words[1:]],
            input=asked.stdin,
            capture_output=True,
            text=True,
            timeout=asked.timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Answer(1, "", str(error))
    return Answer(done.returncode, done.stdout, done.stderr)
