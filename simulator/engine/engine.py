"""The running engine: makes tokens at a pace, counts, queues, aborts, wedges and dies."""

import asyncio
from collections.abc import AsyncGenerator

from simulator.engine.launch import Launch
from simulator.engine.metrics import Counters
from simulator.engine.text import Vocabulary

DEFAULT_RATE = 40.0  # tokens a second on the real machine
HEALTHY = (96, 45.0)  # GPU use in percent and watts
WEDGED = (95, 21.0)  # a wedged engine keeps the use up, the power tells
LOOK_EVERY = 0.05  # seconds here
LOG_EVERY = 10.0  # seconds of the real machine


class EngineDeadError(Exception):
    """The engine core is gone; vLLM's name and text."""

    def __init__(self) -> None:
        super().__init__("EngineCore encountered an issue. See stack trace (above) for the root cause.")


class Engine:
    """One loaded model."""

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self.counters = Counters()
        self.vocabulary = Vocabulary()
        self._death = asyncio.Event()
        self._places = asyncio.Semaphore(launch.args.max_num_seqs or 256)
        self._held_tokens = 0
        self._look_again = 0.0
        self._look()

    @property
    def dead(self) -> bool:
        return self._death.is_set()

    @property
    def cache_share(self) -> float:
        """Part of the KV cache in use, 0 to 1."""
        return min(self._held_tokens / max(self.launch.plan.tokens, 1), 1.0)

    async def stream(
        self, name: str, prompt: int, tokens: list[str], reason: str = "stop"
    ) -> AsyncGenerator[str, None]:
        """Give the tokens at the engine's pace, the first at once.

        Leaving the generator before its end aborts the request. Raises EngineDeadError.
        """
        ended = "abort"
        started = asyncio.get_running_loop().time()
        try:
            await self._enter()
            self._held_tokens += prompt + len(tokens)
            try:
                self.counters.prompt_tokens += prompt
                async for token in self._pace(tokens, started):
                    yield token
                ended = reason
            except EngineDeadError:
                ended = "error"
                raise
            finally:
                self._held_tokens -= prompt + len(tokens)
                self._leave()
        finally:
            self._close(name, ended, asyncio.get_running_loop().time() - started)

    async def _enter(self) -> None:
        if self.dead:
            raise EngineDeadError
        self._look_again = 0.0
        loop = asyncio.get_running_loop()
        arrived = loop.time()
        self.counters.waiting += 1
        try:
            await self._places.acquire()
        finally:
            self.counters.waiting -= 1
        self.counters.running += 1
        self.counters.queue.add(loop.time() - arrived)
        if self.counters.running == 1:
            self.launch.world.work(*HEALTHY)

    def _leave(self) -> None:
        self._places.release()
        self.counters.running -= 1
        if not self.counters.running:
            self.launch.world.rest()

    async def _pace(self, tokens: list[str], started: float) -> AsyncGenerator[str, None]:
        loop = asyncio.get_running_loop()
        last = started
        for place, token in enumerate(tokens):
            self._look()
            if self.fault.name == "wedged":
                self.launch.world.work(*WEDGED)
                await self._death.wait()
            if self.fault.name == "slow-prefill" and not place:
                await asyncio.sleep(self.fault.number("seconds", 60.0))
            if self.dead:
                raise EngineDeadError
            now = loop.time()
            seen = self.counters.between_tokens if place else self.counters.first_token
            seen.add(now - last)
            last = now
            self.counters.generation_tokens += 1
            yield token
            if place + 1 < len(tokens):
                await asyncio.sleep(last + self._interval - loop.time())

    def _look(self) -> None:
        """Read the files that steer a running engine, a few times a second at most."""
        now = asyncio.get_running_loop().time()
        if now < self._look_again:
            return
        self._look_again = now + LOOK_EVERY
        self.fault = self.launch.fault()
        if self.fault.name == "slow-tokens":
            self._interval = 1 / self.fault.number("rate", 1.0)
            return
        try:
            rate = float((self.launch.world.host / "tokens-per-second").read_text())
        except (OSError, ValueError):
            rate = DEFAULT_RATE
        # Faster than the real ones only in a very fast simulation.
        self._interval = min(1.0, self.launch.world.scale * 20) / rate

    def _close(self, name: str, ended: str, seconds: float) -> None:
        self.counters.finished[ended] += 1
        self.counters.whole.add(seconds)
        if ended == "abort":
            self.launch.api.info("async_llm.py:601", f"Aborted request {name}.")

    async def chatter(self) -> None:
        """Every ten seconds while busy, and once more after, the line about throughput."""
        counters = self.counters
        before, quiet = (0, 0), True
        while True:
            await self.launch.world.pause(LOG_EVERY)
            now = (counters.prompt_tokens, counters.generation_tokens)
            idle = now == before and not counters.running
            if not (idle and quiet):
                self._say(now[0] - before[0], now[1] - before[1])
            before, quiet = now, idle

    def _say(self, prompt: int, generated: int) -> None:
        self.launch.api.info(
            "loggers.py:310",
            f"Engine 000: Avg prompt throughput: {prompt / LOG_EVERY:.1f} tokens/s, Avg generation "
            f"throughput: {generated / LOG_EVERY:.1f} tokens/s, Running: {self.counters.running} "
            f"reqs, Waiting: {self.counters.waiting} reqs, GPU KV cache usage: "
            f"{self.cache_share:.1%}, Prefix cache hit rate: 0.0%",
        )

    def die(self, cause: str) -> None:
        """The engine core ends, in vLLM's words; running requests fail."""
        self.launch.core.error("core.py:1161", f"EngineCore encountered a fatal error.\n{cause}")
        self.launch.api.plain(f"vllm.v1.engine.exceptions.EngineDeadError: {EngineDeadError()}")
        self._death.set()
