"""Counters of finished requests: cheap to count, made into text only when somebody asks."""

from bisect import bisect_left
from collections import Counter
from itertools import accumulate

from gateway.telemetry.passing import GAP_BOUNDS
from gateway.telemetry.record import Outcome, Record
from gateway.telemetry.usage import Usage

BOUNDS = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0,
)  # fmt: skip
"""Upper bounds of the bins, in seconds: from an embedding to the longest completion that is allowed."""

MOST_MODELS = 50
OTHER = "other"

# We answered these ourselves and at once: they would make every upstream look fast.
_OURS = frozenset(("refused", "busy"))


class Histogram:
    """How many values fell into each bin, and their sum."""

    __slots__ = ("bins", "bounds", "total")

    def __init__(self, bounds: tuple[float, ...] = BOUNDS) -> None:
        self.bounds = bounds
        self.bins = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.bins[bisect_left(self.bounds, value)] += 1
        self.total += value

    def up_to(self) -> list[tuple[str, float]]:
        """As Prometheus wants it: upper bound and how many were no larger, the last without a bound."""
        names = [*map(str, self.bounds), "+Inf"]
        return list(zip(names, accumulate(map(float, self.bins)), strict=True))


class Counts:
    """What is counted of one service on one route."""

    __slots__ = ("bytes_in", "bytes_out", "events", "first_byte", "gaps", "queue", "requests", "seconds")

    def __init__(self) -> None:
        self.requests: Counter[tuple[int, Outcome | None]] = Counter()
        self.seconds = Histogram()
        self.first_byte = Histogram()
        self.queue = Histogram()
        self.gaps = Histogram(GAP_BOUNDS)
        self.events = 0
        self.bytes_in = 0
        self.bytes_out = 0


class Tokens:
    """What one model of one service read and wrote."""

    __slots__ = ("audio_seconds", "cached", "completion", "prompt")

    def __init__(self) -> None:
        self.prompt = self.completion = self.cached = 0
        self.audio_seconds = 0.0

    def add(self, usage: Usage) -> None:
        """Count one answer's."""
        self.prompt += usage.prompt
        self.completion += usage.completion
        self.cached += usage.cached
        self.audio_seconds += usage.audio_seconds


class Metrics:
    """
    All requests since the start of the process.

    Attributes:
        routes: By service and route.
        tokens: By service and model; after `MOST_MODELS` names of models all new ones are `other`.
    """

    def __init__(self) -> None:
        self.routes: dict[tuple[str, str], Counts] = {}
        self.tokens: dict[tuple[str, str], Tokens] = {}
        self._models: dict[str, str] = {}

    def count(self, record: Record) -> None:
        """Count a request that has ended."""
        place = (record.service, record.route)
        counts = self.routes.get(place) or self.routes.setdefault(place, Counts())
        answer, outcome = record.answer, record.outcome
        counts.requests[record.status, outcome] += 1
        counts.bytes_in += record.bytes_in
        counts.bytes_out += answer.size
        if outcome not in _OURS:
            counts.seconds.observe(record.seconds)
            counts.queue.observe(record.queued_seconds)
            if answer.first_at:
                counts.first_byte.observe(answer.first_at - record.began)
        if answer.events:
            self._count_events(counts, record)
        if record.usage:
            self._count_tokens(record, record.usage)

    def _count_events(self, counts: Counts, record: Record) -> None:
        answer, gaps = record.answer, counts.gaps
        counts.events += answer.events
        gaps.bins = [have + more for have, more in zip(gaps.bins, answer.gaps, strict=True)]
        gaps.total += answer.gap_seconds

    def _count_tokens(self, record: Record, usage: Usage) -> None:
        place = (record.service, self._models.get(record.model) or self._label(record.model))
        tokens = self.tokens.get(place) or self.tokens.setdefault(place, Tokens())
        tokens.add(usage)

    def _label(self, model: str) -> str:
        """A label for a model not met before; clients name models, so labels are bounded in every way."""
        if len(self._models) >= MOST_MODELS or len(model) > 256:
            return OTHER
        label = model.encode(errors="replace").decode() or OTHER
        return self._models.setdefault(model, label)
