"""Redaction as the gateway offers it: scrub in a task, restore from it, forget it."""

import asyncio
import logging
import secrets
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar
from weakref import WeakValueDictionary

import msgspec

from gateway.problem import Problem, retry_after
from gateway.redaction.crew import Crew
from gateway.redaction.known_list import KnownList
from gateway.redaction.lan_finder import LanFinder, Unsearched
from gateway.redaction.master_key import WrongKey
from gateway.redaction.options import RedactionOptions
from gateway.redaction.policies import Policies
from gateway.redaction.quotes import Quote
from gateway.redaction.scrub import Entity, Policy
from gateway.redaction.task_map import TaskMap
from gateway.redaction.vault import Conflict, Vault
from gateway.redaction.worker import Job

log = logging.getLogger(__name__)

T = TypeVar("T")
Headers = Iterable[tuple[bytes, bytes]]
_PURGE_SECONDS = 600.0
_TRIES = 3


@dataclass(frozen=True)
class Scrubbed:
    """
    Texts that may leave the house.

    Attributes:
        task_id: With it they are restored.
        texts: In the order they came.
        entities: For each text.
        task: The map as it is now.
        complete: False when the model on the LAN was to search as well, and could not.
    """

    task_id: str
    texts: list[str]
    entities: list[list[Entity]]
    task: TaskMap
    complete: bool = True

    @property
    def counts(self) -> dict[str, int]:
        """How many places of each type were replaced."""
        return dict(Counter(one.type for told in self.entities for one in told))


class Redaction:
    """
    Scrubs and restores; `Problem` when it cannot, and then nothing may be sent.

    The map is opened at the first need; one that is there already at once, so that a wrong key is told when
    the gateway starts (`WrongKey`).

    Args:
        options: How it is done.
        finder: The model on the LAN, asked where a policy wants it.
    """

    def __init__(self, options: RedactionOptions, finder: LanFinder) -> None:
        self._finder = finder
        self.options = options
        self.policies = Policies(options.policies)
        self.known = KnownList(options.map_db.with_name("known-people"))
        self._crew = Crew(options.processes, options.limit_seconds, options.models)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="redaction-map")
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._vault = self._opened() if options.map_db.exists() else None
        self._purging: asyncio.Task[None] | None = None

    def _opened(self) -> Vault:
        options = self.options
        return Vault(options.map_db, options.key_file, options.ttl_seconds)

    async def scrub(
        self,
        caller: str,
        texts: Sequence[str],
        policy: Policy,
        task_id: str = "",
        named: Sequence[str] = (),
        headers: Headers = (),
    ) -> Scrubbed:
        """
        The texts with tokens of one task.

        Args:
            caller: Whose task it is: the name of the API key, or blank.
            texts: In the order in which tokens are counted.
            policy: What is looked for.
            task_id: Of an earlier scrub; blank: a new task.
            named: People known to this request alone.
            headers: Of the caller: with them the model on the LAN is asked, where the policy wants it.
        """
        quotes = await self._quotes(texts, policy, headers)
        job = Job(list(texts), policy, [], self._lists(), list(named), quotes or [])
        is_new, task_id = not task_id, task_id or secrets.token_urlsafe(18)
        lock = self._locks.setdefault((caller, task_id), asyncio.Lock())
        async with lock:
            for _ in range(_TRIES):
                with suppress(Conflict):
                    return replace(
                        await self._scrub(caller, job, task_id, is_new=is_new), complete=quotes is not None
                    )
        raise Problem(409, "the task is being scrubbed elsewhere: try again", "task_busy")

    async def _quotes(self, texts: Sequence[str], policy: Policy, headers: Headers) -> list[Quote] | None:
        """What the model on the LAN adds; None when it could not search, and `Problem` when it had to."""
        if policy.lan_finder == "off":
            return []
        try:
            return await self._finder.quotes(texts, headers)
        except Unsearched as why:
            if policy.lan_finder == "may":
                log.info("a text was scrubbed by the rules alone: %s", why)
                return None
            message = f"the policy has the model on the LAN search every text, and it could not: {why}"
            raise Problem(
                503, f"{message}; nothing was sent", "redaction_failed", headers=retry_after(5)
            ) from None

    async def _scrub(self, caller: str, job: Job, task_id: str, *, is_new: bool) -> Scrubbed:
        told = None if is_new else await self._map(lambda vault: vault.read(caller, task_id))
        task = told or TaskMap()
        done = await self._crew.scrub(msgspec.structs.replace(job, entries=list(task.values.values())))
        await self._map(lambda vault: vault.write(caller, task_id, done.fresh))
        for entry in done.fresh:
            task.load(entry)
        return Scrubbed(task_id, done.texts, done.entities, task)

    def _lists(self) -> list[str]:
        """The files of the known people: the operator's, and the one that the API keeps."""
        own = [str(self.known.path)] if self.known.path.exists() else []
        return [*([self.options.known] if self.options.known else []), *own]

    async def require_safe(self, texts: Sequence[str], policy: Policy) -> None:
        """`Problem` when scrubbed texts still hold a value of a known form."""
        await self._crew.scrub(Job(list(texts), policy, [], outgoing=True))

    async def task(self, caller: str, task_id: str) -> TaskMap:
        """The map of a caller's task; `Problem` 404 when there is none (any more)."""
        told = await self._map(lambda vault: vault.read(caller, task_id))
        if told is None:
            raise Problem(404, "there is no such redaction task (any more)", "unknown_task", param="task_id")
        return told

    async def find_task(self, caller: str, task_id: str) -> TaskMap:
        """The same; an empty map when there is none."""
        return await self._map(lambda vault: vault.read(caller, task_id)) or TaskMap()

    async def forget(self, caller: str, task_id: str) -> bool:
        """Delete a task; whether there was one."""
        return await self._map(lambda vault: vault.delete(caller, task_id))

    async def _map(self, use: Callable[[Vault], T]) -> T:
        """Use the map beside the event loop."""
        self._purging = self._purging or asyncio.create_task(self._purge())
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._use, use)

    def _use(self, use: Callable[[Vault], T]) -> T:
        try:
            self._vault = self._vault or self._opened()
            return use(self._vault)
        except (sqlite3.Error, OSError) as error:
            log.warning("the redaction map cannot be used: %s", type(error).__name__)
            raise Problem(
                503, "the redaction map cannot be used; nothing was sent", "redaction_failed"
            ) from None
        except WrongKey as error:
            raise Problem(503, f"{error}; nothing was sent", "redaction_failed") from None

    async def _purge(self) -> None:
        """Forget expired tasks from time to time."""
        while True:
            await asyncio.sleep(_PURGE_SECONDS)
            with suppress(Problem):
                await self._map(lambda vault: vault.purge())

    async def close(self) -> None:
        """End the searches and close the map."""
        if self._purging is not None:
            self._purging.cancel()
            with suppress(asyncio.CancelledError):
                await self._purging
        await self._crew.close()
        self._thread.shutdown()
        if self._vault is not None:
            self._vault.close()
