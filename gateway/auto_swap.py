"""Auto-swap: a request for a model on disk asks for the swap itself, so that applications share the GPU."""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from gateway.fresh import Fresh
from gateway.models import Models
from gateway.next_swap import NOTHING, Rules, Situation, next_swap, words
from gateway.not_loaded import LOADING, failed, loading, locked
from gateway.problem import Problem
from gateway.runs import RunView
from gateway.swaps import Swaps
from gateway.turns import Turns
from gateway.wants import Failures, Wants
from gateway.watch import Watch

log = logging.getLogger(__name__)

STEP_SECONDS = 1.0
"""How often it is decided anew while a model is wanted; a change that the watch sees does not wait."""

BACK_SECONDS = 15.0
"""By how much a client that was told to come back may be late before its want is forgotten."""

PAUSE_SECONDS = 5.0
"""How long Prefect is left alone after it did not take a swap."""


class AutoSwap:
    """
    Asks for the swaps that waiting requests need: one for all who want the same model.

    Args:
        turns: They know how long the vLLM service has been idle.
        clock: Seconds since 1970, as in the ledger.
    """

    def __init__(
        self,
        models: Models,
        swaps: Swaps,
        watch: Watch,
        turns: Turns,
        rules: Rules,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._models = models
        self._swaps = swaps
        self._watch = watch
        self._turns = turns
        self._rules = rules
        self._clock = clock
        self._wants = Wants()
        self._failures = Failures(rules)
        self._lock = Fresh(STEP_SECONDS, swaps.lock)
        self._verdict = NOTHING
        self._asked: RunView | None = None
        self._noted = ""
        self._pause_until = -math.inf
        self._task: asyncio.Task[None] | None = None

    async def hold(self, key: str, client: str, seconds: float, answers: Callable[[], str | None]) -> str:
        """
        What `answers` gives, as soon as it gives something; the model is wanted until then.

        `Problem` 503 when it has not been loaded within that time or could not be, 409 while another holds
        the lock.
        """
        if answer := answers():
            return answer
        until = time.monotonic() + seconds
        async with self.wanting(key, client):
            while not (answer := answers()):
                await self.refuse(key)
                left = until - time.monotonic()
                if left <= 0:
                    raise await self.not_yet(key)
                await self._watch.change(min(left, STEP_SECONDS))
        return answer

    @asynccontextmanager
    async def wanting(self, key: str, client: str) -> AsyncIterator[None]:
        """
        Want a model while the block is in progress; `Problem` when waiting is in vain.

        A block that ends with `not_yet` keeps the want until the client is back; any other end withdraws it.
        """
        await self.refuse(key)
        self._wants.join(key, client, self._clock())
        back_by = -math.inf
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._decide())
        try:
            yield
        except Problem as problem:
            if problem.code == LOADING:
                back_by = self._clock() + float(problem.headers["retry-after"]) + BACK_SECONDS
            raise
        finally:
            self._wants.leave(key, client, back_by)

    async def refuse(self, key: str) -> None:
        """Raise the `Problem` because of which waiting for a model is in vain."""
        if self._asked_for(key) or await self._swaps.coming(key) is not None:
            return
        now = self._clock()
        if (failure := self._failures.standing(key, now)) is not None:
            raise failed(key, failure, failure.until - now)
        if (lock := await self._lock.get()) is not None:
            raise locked(key, lock, lock.until - now)

    async def not_yet(self, key: str) -> Problem:
        """503 with Retry-After: what the model waits for, or how far it is."""
        run = await self._swaps.coming(key)
        if run is not None:
            return loading(key, f"model {key} is loading ({run.phase})", run, run.eta_seconds)
        eta = None
        recipe = self._watch.settings.catalog.menu.get(key)
        if recipe is not None and self._verdict.key == key and self._verdict.why == "least stay":
            eta = max(0.0, self._verdict.until - self._clock()) + recipe.expected_seconds
        return loading(key, self.explain(key), None, eta)

    def explain(self, key: str) -> str:
        """In plain words why a model that is wanted is not loaded yet."""
        return words(self._verdict, key, self._present())

    async def close(self) -> None:
        """Decide nothing more; a swap that was asked for goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _decide(self) -> None:
        """Take one step after the other while anything is wanted or was asked for."""
        said = ""
        while self._asked is not None or self._wants.oldest(self._clock()):
            try:
                await self._step()
            except Problem as problem:
                if str(problem) != said:
                    said = str(problem)
                    log.warning("no swap can be asked for: %s", said)
            except Exception:  # those who wait rely on the next step
                log.exception("no swap can be asked for")
            await self._watch.change(STEP_SECONDS)
        self._verdict = NOTHING

    async def _step(self) -> None:
        await self._follow()
        newest = await self._swaps.newest()
        if newest is not None and newest.id != self._noted and newest.over:
            self._note(newest, loaded=newest.state == "completed")
        busy = self._asked or await self._swaps.under_way() or await self._swaps.queued()
        lock = await self._lock.get()
        situation = self._situation(newest, swapping=bool(busy or lock))
        self._verdict = next_swap(situation, self._rules)
        if self._verdict.why == "due" and self._clock() >= self._pause_until:
            await self._ask_for(self._verdict.key)

    async def _ask_for(self, key: str) -> None:
        log.info("asking for the swap to %s, which is wanted", key)
        try:
            self._asked = await self._swaps.start(
                key, force=False, lock_token=None, dry_run=False, approval="none"
            )
        except Problem as problem:
            if problem.status >= 500:
                self._pause_until = self._clock() + PAUSE_SECONDS
                raise
            if problem.status != 423:  # a lock taken in this moment is seen by the next step
                self._failures.add(key, str(problem), self._clock())

    async def _follow(self) -> None:
        """See whether the swap that was asked for has ended."""
        if self._asked is None:
            return
        try:
            run = await self._swaps.view(UUID(self._asked.id))
        except Problem as problem:
            if problem.status != 404:
                raise
            run = self._asked
            run.state, run.message = "cancelled", "its run was deleted"
        if run.over:
            if (vllm := self._watch.vllm) is not None:
                await self._watch.look_now(vllm, within=0.0)
            self._asked = None
            self._note(run, loaded=self._models.answers_as(run.model) is not None)

    def _note(self, run: RunView, *, loaded: bool) -> None:
        """Remember how a swap ended, whoever asked for it: a model that failed is left alone for a while."""
        self._noted = run.id
        if loaded:
            self._failures.forget(run.model)
            return
        told = run.result or {}
        why = str(told.get("cause") or told.get("message") or run.message)
        if run.state == "completed":
            why = "its swap is complete, but it does not answer"
        self._failures.add(run.model, why, run.ended or self._clock(), run.id)

    def _asked_for(self, key: str) -> bool:
        return self._asked is not None and self._asked.model == key

    def _present(self) -> str:
        recipe = self._models.loaded_recipe()
        return recipe.key if recipe is not None else next(iter(self._watch.loaded), "")

    def _situation(self, newest: RunView | None, *, swapping: bool) -> Situation:
        now, present, vllm = self._clock(), self._present(), self._watch.vllm
        look = self._watch.looks.get(vllm.name) if vllm is not None else None
        ready = look.since if present and look is not None else -math.inf
        if newest is not None and newest.state == "completed" and newest.ended:
            ready = newest.ended if newest.model == present else max(ready, newest.ended)
        idle = self._turns.counts(vllm.name).idle_seconds if vllm is not None else math.inf
        wants = [want for want in self._wants.oldest(now) if not self._failures.standing(want.key, now)]
        return Situation(now, present, ready, idle, swapping, wants)
