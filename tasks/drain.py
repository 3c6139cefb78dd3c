"""Draining: the answers under way may end before their model is stopped."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tasks.check import Unreadable
from tasks.engine import NotAnswering, ask_one_token
from tasks.engine_numbers import EngineNumbers, look_at_numbers

POLL_SECONDS = 0.5
STILL_SECONDS = 3.0
"""How long the numbers may stand still before the engine is asked for a word."""
WORD_SECONDS = 17.0
"""How long it has for that word: one token, among answers that do not move on."""


@dataclass
class DrainWatch:
    """
    What is known of the answers under way (pure).

    Attributes:
        limit_seconds: How long they may take.
        began, moved: Times of the first look and of the last sign that something is computed.
        stuck: True when the engine stood still and gave no word.
    """

    limit_seconds: float
    began: float
    moved: float = 0.0
    numbers: EngineNumbers | None = None
    unreadable: str = ""
    unreadable_looks: int = 0
    stuck: bool = False

    def learn(self, numbers: EngineNumbers, now: float) -> None:
        """Take in a look."""
        if numbers != self.numbers:
            self.moved = now
        self.numbers, self.unreadable_looks = numbers, 0

    def learn_nothing(self, why: str) -> None:
        """Take in a look that showed nothing."""
        self.unreadable, self.unreadable_looks = why, self.unreadable_looks + 1

    @property
    def answers(self) -> str:
        """The answers under way in words."""
        count = self.numbers.under_way if self.numbers else 0
        return f"{count} answer{'' if count == 1 else 's'} under way"

    def stands_still(self, now: float) -> bool:
        """True when nothing has moved for so long that only a question can tell why."""
        return self.numbers is not None and now - self.moved >= STILL_SECONDS

    def left(self, now: float) -> float:
        """Seconds of the limit that are left."""
        return self.began + self.limit_seconds - now

    def why_go_on(self, now: float) -> str:
        """Why waiting is over, in words; blank while it is not."""
        late = self.left(now) <= 0
        if self.unreadable_looks >= 2 or (self.unreadable_looks and late):
            return f"the engine does not tell of answers under way ({self.unreadable}): none is waited for"
        if not self.unreadable_looks and self.numbers is not None and not self.numbers.under_way:
            return "no answers are under way"
        if late:
            return f"{self.answers} did not end within {self.limit_seconds:.0f} s: cut off"
        if self.stuck:
            return f"the engine stands still with {self.answers} and gives no word: cut off"
        return ""


@dataclass
class Drain:
    """
    Waits for the answers of one engine.

    Attributes:
        model: An id that the engine answers to, for the question whether it still lives.
        tell: Called with what is waited for, whenever that has changed.
    """

    base_url: str
    model: str
    limit_seconds: float
    tell: Callable[[str], None]

    def wait(self) -> str:
        """Return, in words, why waiting is over: nothing is under way, or it would be of no use."""
        watch = DrainWatch(self.limit_seconds, time.monotonic())
        told = watch.answers
        while True:
            self._look(watch)
            now = time.monotonic()
            if why := watch.why_go_on(now):
                return why
            if watch.answers != told:
                told = watch.answers
                self.tell(f"waiting for {told} (up to {self.limit_seconds:.0f} s)")
            if watch.stands_still(now):
                self._ask(watch, min(WORD_SECONDS, watch.left(now)))
            else:
                time.sleep(POLL_SECONDS)

    def _look(self, watch: DrainWatch) -> None:
        try:
            watch.learn(look_at_numbers(self.base_url), time.monotonic())
        except Unreadable as error:
            watch.learn_nothing(str(error))

    def _ask(self, watch: DrainWatch, seconds: float) -> None:
        """
        Ask for one token.

        vLLM goes on showing requests that were all cancelled until it computes again (vllm#22545, #29928):
        a word brings its numbers up to date.  A wedged engine gives none.
        """
        try:
            ask_one_token(self.base_url, self.model, seconds)
        except NotAnswering:
            watch.stuck = True
        watch.moved = time.monotonic()
