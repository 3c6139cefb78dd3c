"""A moment on two clocks, so that setting the wall clock moves no deadline."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from blocks.ledger import clock


@dataclass(frozen=True)
class Moment:
    """
    A moment as the ledger keeps it.

    Two moments of one boot of one machine are compared by that boot's clock, which nobody can set.  Only
    between machines, or after a reboot, there is nothing better than the wall clock.

    Attributes:
        wall: Seconds since 1970.
        boot_id: The boot during which it was written down; blank: not known.
        since_boot: Seconds since that boot.
    """

    wall: float
    boot_id: str = ""
    since_boot: float = 0.0

    def seconds_until(self, later: "Moment") -> float:
        """How long from this moment to another one; negative when that was before."""
        if self.boot_id and self.boot_id == later.boot_id:
            return later.since_boot - self.since_boot
        return later.wall - self.wall

    def after(self, seconds: float) -> "Moment":
        """The moment so many seconds later."""
        return Moment(self.wall + seconds, self.boot_id, self.since_boot + seconds)


def present(connection: Connection) -> Moment:
    """
    This moment.

    The wall clock is that of the database's server where there is one: of several machines, whose own clocks
    may differ, all then go by the same.  A SQLite ledger is used by one machine, and its clock is the one.
    """
    wall = clock.now()
    if connection.dialect.name == "postgresql":
        wall = float(connection.execute(text("select extract(epoch from clock_timestamp())")).scalar_one())
    return Moment(wall, clock.boot_id(), clock.since_boot())
