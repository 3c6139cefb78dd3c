"""What a connection to an upstream hands an answer to."""

from typing import Protocol


class Sink(Protocol):
    """Whoever takes an answer, as it comes."""

    def head(self) -> None:
        """Status and headers are there."""

    def body(self, data: bytes) -> None:
        """More of the body; never empty."""

    def settled(self) -> None:
        """What one read brought has been handed over."""

    def end(self) -> None:
        """The answer is whole."""

    def broke(self, why: str) -> None:
        """There will be no more of it."""

    def room(self, *, free: bool) -> None:
        """The upstream takes more of the request, or for the moment does not."""
