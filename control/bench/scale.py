"""How much of everything a run of the hot path's benchmark does."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """
    Sizes of one run; times in seconds.

    Attributes:
        seconds: Length of a measurement.
        some, many: Connections that ask without pause.
        rate: Questions a second where they come at their own pace.
        paced, pace: Streams side by side and the events a second of each.
        flat: Streams that run as fast as they can.
        ramp: How long it takes to begin all streams of a measurement.
        settle: How long they may take to begin after that.
        patience: How long streams may take to end when their time is over.
        rest: Longest time a target gets between two jobs to come to rest.
        size: Bytes of the one large body.
    """

    seconds: float = 4.0
    some: int = 32
    many: int = 256
    rate: float = 200.0
    paced: int = 512
    pace: float = 50.0
    flat: int = 64
    ramp: float = 2.0
    settle: float = 2.0
    patience: float = 10.0
    rest: float = 20.0
    size: int = 100_000_000


FULL = Scale()
QUICK = Scale(
    seconds=0.2,
    some=4,
    many=16,
    paced=16,
    flat=4,
    ramp=0.1,
    settle=0.5,
    patience=20.0,
    rest=0.0,
    size=3_000_001,
)
"""For tests: everything is done, nothing takes long, the figures mean nothing."""
