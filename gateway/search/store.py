"""The vector store, Qdrant: what a collection holds, and the candidates for a query."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from gateway.problem import Problem
from gateway.search.names import collection_path, fault_of_name
from gateway.search.upstream import Answer, Upstream, words_of

T = TypeVar("T")
_AT_ONCE = 8


class Point(msgspec.Struct):
    """A candidate, with the score that the store gave it."""

    id: int | str
    score: float
    payload: dict[str, Any] | None = None


class Dense(msgspec.Struct):
    """Numbers of a dense vector, and how two are compared; several vectors a point are for other searches."""

    size: int
    distance: str
    multivector_config: Any = None


@dataclass(frozen=True)
class Shape:
    """
    What a collection holds.

    Attributes:
        points: How many.
        dense: By name; "" is the unnamed one.
        sparse: Names.
    """

    points: int
    dense: Mapping[str, Dense]
    sparse: tuple[str, ...]

    def dense_of(self, size: int) -> str | None:
        """The name of the vector that a query of that size is compared with: 'dense', else the first."""
        names = [name for name, vector in self.dense.items() if vector.size == size]
        return "dense" if "dense" in names else min(names, default=None)

    @property
    def sparse_name(self) -> str | None:
        """The name of the sparse vector that is searched: 'sparse', else the first."""
        return "sparse" if "sparse" in self.sparse else min(self.sparse, default=None)


class _Params(msgspec.Struct):
    vectors: dict[str, Any] | None = None
    sparse_vectors: dict[str, Any] | None = None


class _Config(msgspec.Struct):
    params: _Params


class _Collection(msgspec.Struct):
    config: _Config
    points_count: int | None = None


class _Shown(msgspec.Struct):
    result: _Collection


class _Name(msgspec.Struct):
    name: str


class _Names(msgspec.Struct):
    collections: list[_Name]


class _Listed(msgspec.Struct):
    result: _Names


class _Points(msgspec.Struct):
    points: list[Point]


class _Found(msgspec.Struct):
    result: _Points


class Store:
    """The first service of kind `qdrant`."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def collections(self, client: str) -> list[tuple[str, Shape]]:
        """Every collection that can be searched here, by name."""
        listed = self._read(await self._ask("/collections", None, client), _Listed)
        names = sorted(each.name for each in listed.result.collections if not fault_of_name(each.name))
        room = asyncio.Semaphore(_AT_ONCE)

        async def shape(name: str) -> Shape | None:
            async with room:
                try:
                    return await self.shape(name, client)
                except Problem as problem:
                    if problem.code != "unknown_collection":  # else it has just been dropped
                        raise
                    return None

        shapes = await asyncio.gather(*map(shape, names))
        return [(name, shape) for name, shape in zip(names, shapes, strict=True) if shape is not None]

    async def shape(self, collection: str, client: str) -> Shape:
        """What it holds; `Problem` 404 when it is not there."""
        told = self._read(await self._ask(collection_path(collection), None, client), _Shown).result
        params = told.config.params
        try:
            return Shape(
                told.points_count or 0, _dense(params.vectors or {}), tuple(params.sparse_vectors or ())
            )
        except msgspec.ValidationError as error:
            raise self._unreadable(str(error)) from None

    async def query(self, collection: str, body: dict[str, Any], client: str) -> list[Point]:
        """The candidates, best first; `Problem` 422 says what the store could not follow."""
        answer = await self._ask(collection_path(collection, "/points/query"), body, client)
        return self._read(answer, _Found).result.points

    async def _ask(self, path: str, body: dict[str, Any] | None, client: str) -> Answer:
        service = self._upstream.services("qdrant")[0]
        answer = await self._upstream.ask(service, path, body, client)
        if answer.status == 404 and path != "/collections":
            message = (
                f"{service.name} does not have this collection ({words_of(answer.body)}): "
                "GET /api/search/collections names those there are"
            )
            raise Problem(404, message, "unknown_collection", param="collection")
        if answer.status >= 400 and body is None:
            raise self._unreadable(f"status {answer.status}")
        if answer.status >= 400:
            why = words_of(answer.body)
            message = f"{service.name} could not follow the search ({answer.status}): {why}"
            raise Problem(422, message, "upstream_refused")
        return answer

    def _read(self, answer: Answer, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise self._unreadable(str(error)) from None

    def _unreadable(self, why: str) -> Problem:
        name = self._upstream.services("qdrant")[0].name
        return Problem(
            502, f"{name} gave no answer that can be read ({why}): is it Qdrant?", "upstream_broke"
        )


def _dense(vectors: dict[str, Any]) -> dict[str, Dense]:
    named = {"": vectors} if isinstance(vectors.get("size"), int) else vectors
    read = {name: msgspec.convert(each, Dense) for name, each in named.items()}
    return {name: each for name, each in read.items() if each.multivector_config is None}
