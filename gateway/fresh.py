"""A value that is looked up when somebody asks, not more often than it changes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Fresh(Generic[T]):
    """
    The answer of `look`, at most `seconds` old; those who ask at the same time share one look.

    A look that fails fails for all who waited for it, and is tried again by the next.
    """

    def __init__(self, seconds: float, look: Callable[[], Awaitable[T]]) -> None:
        self._seconds = seconds
        self._look = look
        self._task: asyncio.Task[T] | None = None
        self._begun = 0.0

    async def get(self, *, within: float | None = None) -> T:
        """The value; `within` asks for a younger one than usual, in seconds."""
        oldest = time.monotonic() - (self._seconds if within is None else within)
        if self._task is None or (self._task.done() and (self._begun < oldest or self._failed(self._task))):
            self._begun = time.monotonic()
            self._task = asyncio.create_task(self._run())
        return await asyncio.shield(self._task)

    async def _run(self) -> T:
        return await self._look()

    @staticmethod
    def _failed(task: asyncio.Task[T]) -> bool:
        return task.cancelled() or task.exception() is not None
