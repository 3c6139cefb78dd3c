"""What one client may cost: sizes in bytes, times in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """
    Bounds of the edge.

    Attributes:
        url: Longest path and query.
        head: All header names and values together.
        headers: How many headers.
        head_seconds: From the first byte of a request until its head is complete.
        idle_seconds: A kept connection without a request.
        stall_seconds: A client that should send or take bytes and does not.
        connections: How many at once.
    """

    url: int = 16 * 1024
    head: int = 64 * 1024
    headers: int = 100
    head_seconds: float = 10.0
    idle_seconds: float = 75.0
    stall_seconds: float = 60.0
    connections: int = 4096
