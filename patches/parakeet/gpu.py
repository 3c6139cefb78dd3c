"""The GPU: one job at a time, a short queue, and the knowledge that its context is dead."""

import asyncio
import importlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

DEAD = re.compile(
    r"illegal (?:memory access|instruction)|device-side assert triggered|unspecified launch failure"
    r"|misaligned address|CUFFT_(?:INTERNAL_ERROR|EXEC_FAILED|SETUP_FAILED)"
    r"|CUBLAS_STATUS_(?:EXECUTION_FAILED|INTERNAL_ERROR|NOT_INITIALIZED)"
    r"|CUDNN_STATUS_(?:EXECUTION_FAILED|INTERNAL_ERROR|MAPPING_ERROR|NOT_INITIALIZED)"
)
"""After an error of these every later call of the process fails too: only a restart helps."""

FULL = re.compile(r"out of memory|ALLOC_FAILED", re.IGNORECASE)


class Failure(Exception):
    """A job that did not work; `status` is that of the answer, the message is for people."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Gpu:
    """
    Loads the models and runs jobs with them.

    Attributes:
        models: A `SpeechModels`; None until it is loaded.
        fault: Why nothing can be done; blank while all is well.
        waiting: Jobs that have begun or wait for their turn.
    """

    def __init__(self, most_waiting: int) -> None:
        self.models: Any = None
        self.fault = ""
        self.waiting = 0
        self._most_waiting = most_waiting
        self._turn = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gpu")

    @property
    def state(self) -> str:
        """`ok`, `loading`, `failed` (to load) or `wedged` (its context is dead)."""
        if self.fault:
            return "failed" if self.models is None else "wedged"
        return "loading" if self.models is None else "ok"

    def load(self) -> None:
        """Begin to load the models; `state` tells when they are there."""
        self._turn.submit(self._load)

    def close(self) -> None:
        """Take no more jobs."""
        self._turn.shutdown(wait=False, cancel_futures=True)

    async def run(self, job: Callable[[Any], Any]) -> Any:
        """
        What `job` makes of the models, when its turn comes.

        Raises:
            Failure: 429 when too many wait, 503 while the models load or memory is short, 500 otherwise.
        """
        self._require_well()
        if self.waiting >= self._most_waiting:
            raise Failure(429, "Too many requests wait for the GPU: try again in a few seconds")
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._turn, self._do, job)
        finally:
            self.waiting -= 1

    def _require_well(self) -> None:
        if self.state == "loading":
            raise Failure(503, "The models are being loaded: try again in a minute")
        if self.fault:
            raise Failure(500 if self.state == "wedged" else 503, self.fault)

    def _load(self) -> None:
        try:
            self.models = importlib.import_module("speech_models").SpeechModels()
        except Exception as error:  # noqa: BLE001 - health tells whatever it is
            self.fault = f"The models could not be loaded: {_first_line(error)}"

    def _do(self, job: Callable[[Any], Any]) -> Any:
        self._require_well()  # an earlier job may have ended it
        try:
            return job(self.models)
        except Exception as error:  # whatever NeMo raises, the client is answered in words
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> Failure:
        said = _first_line(error)
        if FULL.search(said):
            self.models.release()
            return Failure(503, "The GPU has no memory left for this: try again, or send a shorter recording")
        if DEAD.search(str(error)):
            # In NVIDIA's own words and without quotes, so that whoever watches knows that a restart helps.
            self.fault = said if DEAD.search(said) else f"CUDA error: {DEAD.findall(str(error))[0]}"
            return Failure(500, self.fault)
        return Failure(500, f"The recording could not be worked on: {said}")


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
