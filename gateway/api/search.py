"""/api/search: passages of a collection that answer a question, and the collections there are."""

from typing import Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from gateway.audio.progress import unless_left
from gateway.keys import Keys
from gateway.search.question import Question
from gateway.search.search import Search


class SearchApi(Controller):
    """Hybrid search with reranking."""

    path = "/api/search"
    tags = ("search",)

    @post("/", status_code=200)
    async def search(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[Question],
        search: NamedDependency[Search],
        keys: NamedDependency[Keys],
    ) -> dict[str, Any]:
        """The best points of a collection for a query, with what their scores mean."""
        return await unless_left(request, search.answer(data, _client(request, keys)))

    @get("/collections")
    async def collections(
        self,
        request: Request[Any, Any, Any],
        search: NamedDependency[Search],
        keys: NamedDependency[Keys],
    ) -> dict[str, Any]:
        """The collections that can be searched: name, points, vectors."""
        return {"collections": await search.collections(_client(request, keys))}


def _client(request: Request[Any, Any, Any], keys: Keys) -> str:
    """Whose turns are used: the name of the key, else the address."""
    address = request.client.host if request.client else ""
    return keys.name_in(request.scope["headers"]) or address
