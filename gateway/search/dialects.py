"""How embedders and rerankers are asked: one small adapter for each dialect (pure)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from gateway.search.answers import (
    Sparse,
    encoded_sparse,
    encoded_vector,
    jina_scores,
    openai_vector,
    tei_scores,
    tei_sparse,
    tei_vector,
)

T = TypeVar("T")


class Wish(NamedTuple):
    """What a model is to work on; texts are for rerankers only."""

    query: str
    texts: Sequence[str] = ()


@dataclass(frozen=True)
class Dialect(Generic[T]):
    """
    One way to ask.

    Attributes:
        name: Whose it is.
        path: Where a POST goes.
        body: What is sent for a wish, with the model's id; blank: the service did not name any.
        read: The answer; `Unreadable` when it is not in this dialect.
    """

    name: str
    path: str
    body: Callable[[Wish, str], dict[str, Any]]
    read: Callable[[bytes, Wish], T]


@dataclass(frozen=True)
class Role(Generic[T]):
    """
    What a service may be able to do.

    Attributes:
        name: In plain words, behind "no service …".
        dialects: The commonest first.
        is_rerank: The model's id is that of a reranker.
    """

    name: str
    dialects: tuple[Dialect[T], ...]
    is_rerank: bool = False

    def model(self, ids: Sequence[str]) -> str:
        """Which of a service's models it is, by their names; blank: it names none."""
        fitting = [each for each in ids if ("rerank" in each.lower()) is self.is_rerank]
        return next(iter([*fitting, *ids]), "")


def _named(model: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"model": model, **body} if model else body


DENSE = Role[list[float]](
    "makes dense vectors",
    (
        Dialect(
            "OpenAI",
            "/v1/embeddings",
            lambda wish, model: _named(model, {"input": [wish.query], "encoding_format": "float"}),
            lambda body, _: openai_vector(body),
        ),
        Dialect("TEI", "/embed", lambda wish, _: {"inputs": [wish.query]}, lambda body, _: tei_vector(body)),
        *(
            Dialect(
                "bge-m3 sidecar",
                path,
                lambda wish, _: {"texts": [wish.query], "return_dense": True, "return_sparse": False},
                lambda body, _: encoded_vector(body),
            )
            for path in ("/embed", "/encode")
        ),
    ),
)

SPARSE = Role[Sparse](
    "makes sparse vectors",
    (
        Dialect(
            "TEI",
            "/embed_sparse",
            lambda wish, _: {"inputs": [wish.query]},
            lambda body, _: tei_sparse(body),
        ),
        *(
            Dialect(
                "bge-m3 sidecar",
                path,
                lambda wish, _: {"texts": [wish.query], "return_dense": False, "return_sparse": True},
                lambda body, _: encoded_sparse(body),
            )
            for path in ("/embed_sparse", "/embed", "/encode")
        ),
    ),
)

RERANK = Role[list[float | None]](
    "ranks texts",
    (
        *(
            Dialect(
                "Jina",
                path,
                lambda wish, model: _named(
                    model, {"query": wish.query, "documents": list(wish.texts), "top_n": len(wish.texts)}
                ),
                lambda body, wish: jina_scores(body, len(wish.texts)),
            )
            for path in ("/v1/rerank", "/rerank", "/v2/rerank")
        ),
        Dialect(
            "TEI",
            "/rerank",
            lambda wish, _: {"query": wish.query, "texts": list(wish.texts), "truncate": True},
            lambda body, wish: tei_scores(body, len(wish.texts)),
        ),
    ),
    is_rerank=True,
)
