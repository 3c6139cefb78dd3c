"""Clocks that a test sets: the wall clock, and the one that counts from the boot of each machine."""

from dataclasses import dataclass, field

import pytest

from blocks.ledger import clock


@dataclass
class Clocks:
    """
    Two machines that share a wall clock; one of them is where the test is now.

    Attributes:
        true: Seconds that have really passed.
        wall: What the wall clock shows.
        booted: The true second of each machine's boot, by its boot id.
        here: The boot id of the machine that the test is on.
    """

    true: float = 1000.0
    wall: float = 1_800_000_000.0
    booted: dict[str, float] = field(default_factory=lambda: {"boot-0": 10.0, "boot-1": 700.0})
    here: str = "boot-0"

    def pass_by(self, seconds: float) -> None:
        """Time passes."""
        self.true += seconds
        self.wall += seconds

    def set_wall(self, seconds: float) -> None:
        """Somebody sets the wall clock forward, or back."""
        self.wall += seconds

    def reboot(self) -> None:
        """The machine that the test is on boots anew."""
        del self.booted[self.here]
        self.here = f"{self.here}+"
        self.booted[self.here] = self.true

    def go_to_the_other(self) -> None:
        """Be on the other machine."""
        self.here = next(boot for boot in self.booted if boot != self.here)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have the ledger go by these."""
        monkeypatch.setattr(clock, "now", lambda: self.wall)
        monkeypatch.setattr(clock, "since_boot", lambda: self.true - self.booted[self.here])
        monkeypatch.setattr(clock, "boot_id", lambda: self.here)
