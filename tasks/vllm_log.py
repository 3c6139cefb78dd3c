"""Reading vLLM's start-up log: which phase it is in, how far, and how long it will still take (pure)."""

import re
from dataclasses import dataclass, field

PHASES = (
    ("starting the engine", 0.05),
    ("loading the weights", 0.45),
    ("compiling", 0.20),
    ("measuring memory", 0.10),
    ("capturing graphs", 0.12),
    ("opening the server", 0.05),
    ("answering", 0.03),
)
"""The phases of a start in their order, with the share of the time each usually takes."""

_STARTS = {name: sum(share for _, share in PHASES[:index]) for index, (name, _) in enumerate(PHASES)}
_SHARES = dict(PHASES)
_ORDER = {name: index for index, (name, _) in enumerate(PHASES)}

# What in a line shows which phase (vLLM 0.13 to 0.33; spark-tools.md 2.4).
_MARKS = (
    (re.compile(r"version \d|non-default args|Resolved architecture|Initializing a V1 LLM"), 0),
    (
        re.compile(
            r"Starting to load model|Loading \w*safetensors|Loading safetensors using|Loading drafter"
        ),
        1,
    ),
    (re.compile(r"Loading weights took|Model loading took"), 1),
    (re.compile(r"torch\.compile|Dynamo bytecode|Compiling a graph|compiled graph"), 2),
    (re.compile(r"Profiling CUDA graph|Available KV cache memory|GPU KV cache size|warmup run took"), 3),
    (re.compile(r"FlashInfer autotune|Capturing CUDA graph"), 4),
    (re.compile(r"Graph capturing finished|init engine \(profile"), 4),
    (re.compile(r"Starting vLLM (API )?server|Available routes are|Started server process"), 5),
    (re.compile(r"Application startup complete|Uvicorn running on"), 6),
)
_BAR = re.compile(r"(?P<what>Loading \w*safetensors[^:]*|Capturing CUDA graphs[^:]*):\s+(?P<percent>\d+)%")
_TIMESTAMP = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z ?")
_PREFIX = re.compile(r"^\((APIServer|EngineCore|Worker)\w*( pid=\d+)?\)\s*")


@dataclass(frozen=True)
class Progress:
    """
    How far a start has come.

    Attributes:
        fraction: 0 to 1 over the whole start; never falls.
        within: 0 to 1 within the phase, or None when the log does not tell.
    """

    phase: str = PHASES[0][0]
    fraction: float = 0.0
    within: float | None = None

    @property
    def started(self) -> bool:
        """True once the server says that it is up; that it answers has still to be shown."""
        return self.phase == PHASES[-1][0]

    def remaining_seconds(self, elapsed: float, expected: float) -> float:
        """
        Seconds still to go, from the usual length and from the pace so far.

        The nearer the end, the more the pace counts.
        """
        by_habit = max(expected - elapsed, 0.0)
        if self.fraction < 0.05:
            return by_habit
        by_pace = elapsed * (1 - self.fraction) / self.fraction
        return by_habit * (1 - self.fraction) + by_pace * self.fraction


@dataclass
class LogReader:
    """Takes the lines of every host of a start and keeps the progress."""

    progress: Progress = field(default_factory=Progress)

    def feed(self, line: str) -> Progress:
        """Read one line (a bar may hold several states parted by carriage returns)."""
        for part in line.split("\r"):
            self._read(part)
        return self.progress

    def _read(self, text: str) -> None:
        bar = _BAR.search(text)
        if bar:
            phase = "capturing graphs" if bar["what"].startswith("Capturing") else "loading the weights"
            self._advance(phase, min(int(bar["percent"]), 100) / 100)
            return
        for pattern, index in _MARKS:
            if pattern.search(text):
                self._advance(PHASES[index][0], None)
                return

    def _advance(self, phase: str, within: float | None) -> None:
        """Go on, never back: a drafter's bar begins at 0 % again, and hosts are not in step."""
        now = self.progress
        if _ORDER[phase] < _ORDER[now.phase]:
            return
        if phase == now.phase and within is None:
            within = now.within
        fraction = _STARTS[phase] + _SHARES[phase] * (within or 0.0)
        self.progress = Progress(phase, max(now.fraction, fraction), within)


def split_timestamp(line: str) -> tuple[str, str]:
    """Docker's timestamp (RFC 3339, nanoseconds) and the line itself; a blank one where there is none."""
    match = _TIMESTAMP.match(line)
    return (match[0].strip(), line[match.end() :]) if match else ("", line)


def plain_line(line: str) -> str:
    """A log line as people want it: the last state of a bar, without the process prefix."""
    return _PREFIX.sub("", line.rpartition("\r")[2] or line).rstrip()
