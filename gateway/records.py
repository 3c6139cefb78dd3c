"""The ledger from the event loop: every look at it happens in a small pool of threads."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from blocks.ledger.store import Ledger
from gateway.problem import Problem, retry_after

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class Records:
    """Asks the ledger; `Problem` 503 when it does not answer."""

    def __init__(self, url: str) -> None:
        self._ledger = Ledger(url)
        self._threads = ThreadPoolExecutor(max_workers=3, thread_name_prefix="ledger")

    async def ask(self, look: Callable[Concatenate[Ledger, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer of a function of `blocks` that takes the ledger first."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, partial(look, self._ledger, *args, **kwargs))
        except SQLAlchemyError as error:
            log.warning("the ledger does not answer: %s", error)
            raise Problem(
                503, "the ledger (the shared records) does not answer", "ledger_gone", headers=retry_after(5)
            ) from error

    def close(self) -> None:
        """Close the database; looks under way end first."""
        self._threads.shutdown()
        self._ledger.close()
