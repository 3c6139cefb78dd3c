"""Why a start failed: the first error of any process on any host, in plain words, with what to do (pure)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.vllm_log import plain_line


@dataclass(frozen=True)
class Diagnosis:
    """
    Why it failed.

    Attributes:
        cause: In plain words.
        advice: What to do about it.
        line: The log line that shows it; blank when the log says nothing.
        host: Where that line was.
    """

    cause: str
    advice: str
    line: str = ""
    host: str = ""


@dataclass(frozen=True)
class _Known:
    pattern: re.Pattern[str]
    cause: str
    advice: str


def _known(pattern: str, cause: str, advice: str) -> _Known:
    return _Known(re.compile(pattern), cause, advice)


# Texts of vLLM 0.13 to 0.33 and their meaning (spark-tools.md 2.5).  The order does not matter: the line that
# comes first in time decides.
_KNOWN = (
    _known(
        r"Free memory on device .*less than\s*(desired)?",
        "There was not enough free memory when the model started.",
        "Stop what else uses memory on that host, or lower --gpu-memory-utilization.",
    ),
    _known(
        r"No available memory for the cache blocks",
        "The model's weights left no memory for its cache.",
        "Raise --gpu-memory-utilization, or run the model on more hosts.",
    ),
    _known(
        r"To serve at least one request with the model's max seq len",
        "The context length of the recipe needs more cache memory than is left.",
        "Lower --max-model-len to the length named in the line, or set it to auto.",
    ),
    _known(
        r"torch\.OutOfMemoryError|CUDA out of memory|NV_ERR_NO_MEMORY",
        "The GPU ran out of memory while the model was loading.",
        "Lower --gpu-memory-utilization or --max-num-batched-tokens; if the host is sluggish, restart it.",
    ),
    _known(
        r"max_num_batched_tokens \(\d+\) (must be greater|is smaller)",
        "Two flags of the recipe contradict each other: --max-num-batched-tokens is too small.",
        "Raise --max-num-batched-tokens, or lower --max-num-seqs.",
    ),
    _known(
        r"--enable-auto-tool-choice requires --tool-call-parser|invalid (tool call|reasoning) parser",
        "The recipe's tool or reasoning parser is missing, or is unknown to this vLLM.",
        "Set --tool-call-parser and --reasoning-parser to values that the image knows.",
    ),
    _known(
        r"unrecognized arguments:|error: argument ",
        "This vLLM does not know one of the recipe's arguments.",
        "Take the argument out, or use an image of another version.",
    ),
    _known(
        r"sm_121a?'? is not defined for option 'gpu-name'",
        "The compiler inside the image is too old for this GPU.",
        "Set TRITON_PTXAS_PATH=/usr/local/cuda/bin/ptxas in the recipe's environment, or use a newer image.",
    ),
    _known(
        r"libcudart\.so\.\d+: cannot open shared object",
        "The image holds a build for another CUDA version than the host's.",
        "Use an image built for CUDA 13.",
    ),
    _known(
        r"Cannot access gated repo|401 Client Error|403 Client Error",
        "Hugging Face refused access to the model.",
        "Accept the model's licence on its page and set a token, or download the weights beforehand.",
    ),
    _known(
        r"Current node has no GPU available",
        "Another program already uses the GPU through Ray.",
        "Stop the other model first.",
    ),
    _known(
        r"is not a valid model identifier|cannot find the requested files|LocalEntryNotFound",
        "The weights were not found where vLLM looked.",
        "Download the model again, on every host that it runs on.",
    ),
    _known(
        r"No space left on device",
        "A disk is full.",
        "Delete weights that are no longer needed on the host named.",
    ),
    _known(
        r"NCCL (error|WARN)|ncclSystemError|DistBackendError",
        "The hosts could not talk to each other over the fast link.",
        "Check the QSFP cable and the fabric addresses of the hosts.",
    ),
)

_UNKNOWN = _known(
    r"",
    "The engine reported an error that Spark Control does not know.",
    "Read the line and the log around it.",
)

_AFTERMATH = (
    _known(
        r"Timed out waiting for engine core processes",
        "The engine did not get ready within vLLM's own time limit.",
        "Look whether the other host takes part; raise VLLM_ENGINE_READY_TIMEOUT_S for very large models.",
    ),
    _known(
        r"(Worker proc|RayWorkerProc).* died unexpectedly",
        "A worker process of the engine died.",
        "Read the log of the host named; it is often memory: lower --gpu-memory-utilization.",
    ),
    _known(
        r"EngineDeadError|EngineCore encountered (a fatal error|an issue)",
        "The engine died after it had started.",
        "Start it again; if it happens again, read the log around the line.",
    ),
)
"""What the others say when one process has failed: the cause only where no error came before it."""

_NAMED_ERROR = re.compile(r"(^|\bERROR\b.*?\] )(\w+\.)*\w*(Error|Exception): ")
_ERROR = re.compile(r"\bERROR\b.*?\] \S|\b(ERROR|error): ")
_NEVER_THE_CAUSE = re.compile(
    r"Engine core initialization failed|EngineCore failed to start|WorkerProc initialization failed|"
    r"Worker failed with error|see stack trace|hit an exception|Traceback \(most recent"
)


def diagnose(logs: Mapping[str, Sequence[tuple[str, str]]]) -> Diagnosis | None:
    """
    The cause of a failed start.

    Args:
        logs: By host, pairs of timestamp (RFC 3339, sortable; may be blank) and line, oldest first.

    Returns:
        The first known cause in time; else the first exception, else the first error line, as it stands;
        else None.
    """
    lines = sorted(
        (
            (stamp, order, host, line)
            for host, pairs in logs.items()
            for order, (stamp, line) in enumerate(pairs)
        ),
        key=lambda entry: (entry[0], entry[1]),
    )
    for find in (_cause_known, _named_error, _error):
        for _, _, host, line in lines:
            if found := find(line):
                return Diagnosis(found.cause, found.advice, _tidy(line), host)
    return None


def _cause_known(line: str) -> _Known | None:
    return next((known for known in _KNOWN if known.pattern.search(line)), None)


def _named_error(line: str) -> _Known | None:
    """An exception by name, or the aftermath of one that left no trace."""
    aftermath = next((known for known in _AFTERMATH if known.pattern.search(line)), None)
    if aftermath or _NEVER_THE_CAUSE.search(line) or not _NAMED_ERROR.search(plain_line(line)):
        return aftermath
    return _UNKNOWN


def _error(line: str) -> _Known | None:
    return _UNKNOWN if _ERROR.search(line) and not _NEVER_THE_CAUSE.search(line) else None


def _tidy(line: str) -> str:
    return " ".join(line.split())[:500]
