"""How fast the loaded models answer real requests, now and usually."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from typing import NamedTuple

import msgspec

from blocks.ledger.speeds import DAYS, Usual, add_speeds, usual_speeds
from blocks.speed import Counted, compared
from gateway.fresh import Fresh
from gateway.problem import Problem
from gateway.records import Records
from gateway.telemetry.record import Record
from gateway.watch import Watch

log = logging.getLogger(__name__)

ROUTES = frozenset(("/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages"))
LEAST_TOKENS = 16
LEAST_SECONDS = 0.02
"""A stream that came all at once tells of a buffer on the way and not of the model."""

NOT_TOKENS = 2
"""Events of a stream that carry none: the role at its beginning, `[DONE]` at its end."""

WINDOW_SECONDS = 300
MOST_IN_WINDOW = 2000
FLUSH_SECONDS = 60.0
USUAL_SECONDS = 15.0


class Answer(NamedTuple):
    """One answer: when it ended (monotonic), its tokens per second, and the seconds until its first token."""

    at: float
    tokens_per_second: float
    first_token_seconds: float


class NowView(msgspec.Struct):
    """Medians of the answers that ended within the last `window_seconds`."""

    tokens_per_second: float
    first_token_seconds: float
    answers: int
    window_seconds: int = WINDOW_SECONDS


class UsualView(msgspec.Struct):
    """Medians of the last 30 days; `days`: on how many of them there were answers."""

    tokens_per_second: float
    first_token_seconds: float
    answers: int
    days: int


class SpeedView(msgspec.Struct):
    """One model, by the id under which it answers; `compared`: now beside usual, in words."""

    model: str
    now: NowView | None
    usual: UsualView | None
    compared: str


class Speeds:
    """Learns from the streamed answers of the loaded models; the ledger keeps what is usual."""

    def __init__(self, records: Records, watch: Watch) -> None:
        self._records = records
        self._watch = watch
        self._answers: dict[str, deque[Answer]] = {}
        self._unwritten: dict[str, Counted] = {}
        self._usual = Fresh(USUAL_SECONDS, lambda: records.ask(usual_speeds))

    def finished(self, record: Record) -> None:
        """A request has ended; no input and no output, for the hot path waits for it."""
        answer = record.answer
        if not answer.events or record.outcome != "ok" or record.status != 200 or record.route not in ROUTES:
            return
        tokens = record.usage.completion if record.usage else 0
        tokens = tokens or answer.events - NOT_TOKENS
        loaded = self._watch.loaded
        model = record.model or (loaded[0] if loaded else "")
        if tokens < LEAST_TOKENS or answer.gap_seconds < LEAST_SECONDS or model not in loaded:
            return
        first = max(0.0, answer.first_at - record.began - record.queued_seconds)
        self._learn(model, Answer(time.monotonic(), (tokens - 1) / answer.gap_seconds, first))

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Write down every minute what was learned, and once more at the end of the block."""
        task = asyncio.create_task(self._keep_writing())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self._write()

    async def view(self) -> list[SpeedView]:
        """The loaded models first, then those that answered within 30 days; without the ledger only now."""
        try:
            usual = await self._usual.get()
        except Problem:
            usual = {}
        loaded = self._watch.loaded
        names = sorted({*loaded, *self._answers, *usual}, key=lambda name: (name not in loaded, name))
        return [self._view(name, usual.get(name)) for name in names]

    def _learn(self, model: str, answer: Answer) -> None:
        if model not in self._answers:
            self._answers[model] = deque(maxlen=MOST_IN_WINDOW)
        self._answers[model].append(answer)
        counted = self._unwritten.get(model) or self._unwritten.setdefault(model, Counted())
        counted.add(answer.tokens_per_second, answer.first_token_seconds)

    def _view(self, model: str, usual: Usual | None) -> SpeedView:
        answers = self._recent(model)
        tokens = median(each.tokens_per_second for each in answers) if answers else None
        now = None
        if tokens is not None:
            first = median(each.first_token_seconds for each in answers)
            now = NowView(round(tokens, 1), round(first, 3), len(answers))
        words = compared(
            tokens, len(answers), usual.tokens_per_second if usual else None, usual.answers if usual else 0
        )
        return SpeedView(model, now, _shown(usual), words)

    def _recent(self, model: str) -> list[Answer]:
        """The answers of the window; what is older is forgotten."""
        answers, oldest = self._answers.get(model, deque()), time.monotonic() - WINDOW_SECONDS
        while answers and answers[0].at < oldest:
            answers.popleft()
        return list(answers)

    async def _keep_writing(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self._write()
            except Exception:  # the next minute may go well
                log.exception("how fast models answer cannot be written down")

    async def _write(self) -> None:
        """What was learned since; a ledger that is away gets it the next time."""
        counted, self._unwritten = self._unwritten, {}
        if not counted:
            return
        try:
            await self._records.ask(add_speeds, counted)
        except Problem:
            for model, before in counted.items():
                self._unwritten.setdefault(model, Counted()).join(before)


def _shown(usual: Usual | None) -> UsualView | None:
    if usual is None:
        return None
    tokens, first = round(usual.tokens_per_second, 1), round(usual.first_token_seconds, 3)
    return UsualView(tokens, first, usual.answers, min(usual.days, DAYS))
