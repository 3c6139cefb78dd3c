"""Vectors and ranks from the embeddings services: who speaks which dialect is found out once."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from blocks.cluster import Service
from gateway.fresh import Fresh
from gateway.problem import Problem
from gateway.search.answers import Sparse, Unreadable
from gateway.search.dialects import DENSE, RERANK, SPARSE, Dialect, Role, Wish
from gateway.search.upstream import Place, Upstream, words_of

T = TypeVar("T")
_KIND = "embeddings"
_SAMPLE = Wish("a light", ("a lamp", "a spoon"))
"""What a dialect is tried with: of a client's words a refusal could be about the words."""


class Speaker(NamedTuple, Generic[T]):
    """A service that does it, how it is asked, and with which model."""

    service: Service
    dialect: Dialect[T]
    model: str


class _Found(NamedTuple):
    """Who does it, or nobody, while the services stay where they are; all who ask meanwhile share one try."""

    places: tuple[Place, ...]
    speaker: Fresh[Any]


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


class NotSpoken(Exception):
    """The service does not know the question."""


class Retrieval:
    """
    Dense vectors, sparse vectors and ranks, each from the first service of kind `embeddings` that gives them.

    Which service and dialect that is, is tried once and kept until a service moves or starts anew.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._found: dict[str, _Found] = {}

    async def dense(self, text: str, client: str) -> list[float]:
        """The meaning of a text; `Problem` when nobody says it."""
        return await self._ask(DENSE, Wish(text), client)

    async def sparse(self, text: str, client: str) -> Sparse:
        """The words of a text; `Problem` when nobody says them, 501 when no service can."""
        return await self._ask(SPARSE, Wish(text), client)

    async def ranks(self, query: str, texts: Sequence[str], client: str) -> list[float | None]:
        """How well each text answers the query, higher is better; `Problem` as for `sparse`."""
        return await self._ask(RERANK, Wish(query, texts), client)

    async def _ask(self, role: Role[T], wish: Wish, client: str) -> T:
        try:
            return await self._asked(await self._speaker(role, client), wish, client)
        except NotSpoken:
            # It is another program by now, and its start was too quick to be seen.
            self._found.pop(role.name, None)
        speaker = await self._speaker(role, client)
        try:
            return await self._asked(speaker, wish, client)
        except NotSpoken as reason:
            message = f"{speaker.service.name} gives no answer that can be read: {reason}"
            raise Problem(502, message, "upstream_broke") from None

    async def _speaker(self, role: Role[T], client: str) -> Speaker[T]:
        services = self._upstream.services(_KIND)
        places = tuple(map(self._upstream.place, services))
        found = self._found.get(role.name)
        if found is None or found.places != places:
            look = partial(self._probed, role, services, client)
            found = self._found[role.name] = _Found(places, Fresh(math.inf, look))
        speaker: Speaker[T] | None = await found.speaker.get()
        if speaker is None:
            names = ", ".join(service.name for service in services)
            message = f"no service of kind '{_KIND}' {role.name} in a way that is known here (asked: {names})"
            raise Problem(501, message, "not_implemented")
        return speaker

    async def _probed(self, role: Role[T], services: Sequence[Service], client: str) -> Speaker[T] | None:
        """The first that does it; when none does and one could not be asked, its `Problem`."""
        trouble: Problem | None = None
        for service in services:
            try:
                model = role.model(await self._models(service, client))
                for dialect in role.dialects:
                    speaker = Speaker(service, dialect, model)
                    if await self._speaks(speaker, client):
                        return speaker
            except Problem as problem:
                trouble = trouble or problem
        if trouble is not None:
            raise trouble
        return None

    async def _speaks(self, speaker: Speaker[T], client: str) -> bool:
        try:
            await self._asked(speaker, _SAMPLE, client)
        except NotSpoken:
            return False
        except Problem as problem:
            if problem.code == "upstream_refused":
                return False
            raise
        return True

    async def _asked(self, speaker: Speaker[T], wish: Wish, client: str) -> T:
        """`NotSpoken` when the service does not know the dialect, `Problem` when it refuses the wish."""
        service, dialect, model = speaker
        answer = await self._upstream.ask(service, dialect.path, dialect.body(wish, model), client)
        if answer.status in (404, 405, 424, 501):
            raise NotSpoken(f"it does not serve {dialect.path}")
        if answer.status >= 400:
            why = words_of(answer.body)
            message = f"{service.name} on {service.host} does not take the text ({answer.status}): {why}"
            raise Problem(422, message, "upstream_refused")
        try:
            return dialect.read(answer.body, wish)
        except Unreadable as error:
            raise NotSpoken(str(error)) from None

    async def _models(self, service: Service, client: str) -> list[str]:
        answer = await self._upstream.ask(service, "/v1/models", None, client)
        try:
            return [model.id for model in msgspec.json.decode(answer.body, type=_Models).data]
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return []
