"""The processes that search texts, a few, started at the first need: the event loop never waits for them."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from gateway.problem import Problem, retry_after
from gateway.redaction.worker import Done, Job

_MODULE = "gateway.redaction.worker"
_LARGEST = 256 * 1024 * 1024


class Crew:
    """
    Workers, each with one job at a time; jobs wait for a free one.

    Args:
        size: How many at most.
        limit_seconds: A search that takes longer is ended with its worker; the job fails.
        models: Each `KIND=PATH`, see `finders.model_finder`.
    """

    def __init__(self, size: int, limit_seconds: float, models: Sequence[str] = ()) -> None:
        self._models = models
        self._free: list[Process] = []
        self._turns = asyncio.Semaphore(size)
        self._limit = limit_seconds
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(Done)

    async def scrub(self, job: Job) -> Done:
        """The job done; `Problem` when it cannot be, and then nothing of it may leave the house."""
        async with self._turns:
            worker = self._free.pop() if self._free else None
            kept = False
            try:
                async with asyncio.timeout(self._limit):
                    if worker is None or worker.returncode is not None:
                        worker = await _started(self._models)
                    done = await self._ask(worker, job)
                kept = True
            except TimeoutError:
                message = f"the text could not be searched within {self._limit:.0f} seconds: send it in parts"
                raise Problem(503, message, "redaction_failed", headers=retry_after(5)) from None
            except (OSError, asyncio.IncompleteReadError, msgspec.MsgspecError):
                raise _broken() from None
            finally:
                if kept and worker is not None:
                    self._free.append(worker)
                elif worker is not None:
                    await _end(worker)
        if done.error:
            message = f"the text could not be made safe, and nothing was sent: {done.error}"
            raise Problem(503 if done.ours else 422, message, "redaction_failed")
        return done

    async def _ask(self, worker: Process, job: Job) -> Done:
        body = self._encoder.encode(job)
        if worker.stdin is None or worker.stdout is None:
            raise OSError
        worker.stdin.write(len(body).to_bytes(4, "big") + body)
        await worker.stdin.drain()
        length = int.from_bytes(await worker.stdout.readexactly(4), "big")
        return self._decoder.decode(await worker.stdout.readexactly(min(length, _LARGEST)))

    async def close(self) -> None:
        """End the workers."""
        for worker in self._free:
            await _end(worker)
        self._free.clear()


async def _started(models: Sequence[str]) -> Process:
    """A worker that has read its lists and models."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", _MODULE, *models, stdin=PIPE, stdout=PIPE
    )
    try:
        await _require_ready(worker)
    except BaseException:
        await _end(worker)
        raise
    return worker


async def _require_ready(worker: Process) -> None:
    if worker.stdout is None or await worker.stdout.readexactly(4) != b"\0\0\0\0":
        raise OSError


async def _end(worker: Process) -> None:
    with suppress(ProcessLookupError):
        worker.kill()
    await worker.wait()


def _broken() -> Problem:
    return Problem(
        503,
        "the search for sensitive text broke off; nothing was sent",
        "redaction_failed",
        headers=retry_after(2),
    )
