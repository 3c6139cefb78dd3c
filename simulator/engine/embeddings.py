"""The retrieval models' service: dense and sparse embeddings, and a reranker.

Dense answers have OpenAI's shape, `/embed` and `/embed_sparse` have text-embeddings-inference's,
`/v1/rerank` has vLLM's and Jina's; `/rerank` takes both and answers in the form it was asked in.
"""

import json
from itertools import count
from typing import Any

from simulator.engine.embedding import InputRefused, embeddings, texts_of
from simulator.engine.hashing import dense, relevance, sparse
from simulator.engine.http import Answer, Request, as_json
from simulator.engine.service import Refusal, Service, openai_error
from simulator.engine.text import pieces
from simulator.engine.world import World, from_environment

MODELS = ("BAAI/bge-m3", "BAAI/bge-reranker-v2-m3")
SIZE = 1024
SECONDS_PER_TEXT = 0.01

_numbers = count(1)


class Embeddings:
    """Handlers of the service."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def health(self, _: Request) -> Answer:
        return as_json({"status": "ok"})

    async def models(self, _: Request) -> Answer:
        data = [{"id": name, "object": "model", "owned_by": "BAAI"} for name in MODELS]
        return as_json({"object": "list", "data": data})

    async def openai(self, request: Request) -> Answer:
        """Dense vectors."""
        body = _body(request)
        try:
            await self._work(texts_of(body.get("input")))
            return as_json(embeddings(body, str(body.get("model") or MODELS[0]), SIZE))
        except InputRefused as reason:
            raise Refusal(400, openai_error(str(reason))) from None

    async def embed(self, request: Request) -> Answer:
        """Dense vectors, bare."""
        texts = await self._inputs(request)
        return as_json([dense(text, SIZE) for text in texts])

    async def embed_sparse(self, request: Request) -> Answer:
        """Weights of words: `[[{index, value}]]`."""
        texts = await self._inputs(request)
        weights = [sorted(sparse(text).items()) for text in texts]
        return as_json([[{"index": i, "value": v} for i, v in pairs] for pairs in weights])

    async def rerank(self, request: Request) -> Answer:
        """Documents by how well they answer the query, best first."""
        body = _body(request)
        if "texts" in body:
            ranked = await self._rank(body, body["texts"])
            return as_json([{"index": place, "score": score} for place, score in ranked])
        documents = body.get("documents")
        texts = [d if isinstance(d, str) else str(d.get("text", "")) for d in documents or []]
        ranked = (await self._rank(body, texts))[: body.get("top_n") or None]
        results = [
            {"index": place, "document": {"text": texts[place]}, "relevance_score": score}
            for place, score in ranked
        ]
        used = sum(len(pieces(text)) for text in [str(body["query"]), *texts])
        usage = {"prompt_tokens": used, "total_tokens": used}
        head = {"id": f"rerank-{next(_numbers):08x}", "model": body.get("model") or MODELS[1]}
        return as_json(head | {"usage": usage, "results": results})

    async def _rank(self, body: dict[str, Any], texts: Any) -> list[tuple[int, float]]:
        query = body.get("query")
        if not isinstance(query, str) or not isinstance(texts, list) or not texts:
            raise Refusal(400, openai_error("query and documents are required"))
        await self._work(texts)
        scores = [(place, relevance(query, text)) for place, text in enumerate(texts)]
        return sorted(scores, key=lambda pair: -pair[1])

    async def _inputs(self, request: Request) -> list[str]:
        try:
            texts = texts_of(_body(request).get("inputs"))
        except InputRefused as reason:
            raise Refusal(422, {"error": str(reason), "error_type": "validation"}) from None
        await self._work(texts)
        return texts

    async def _work(self, texts: list[str]) -> None:
        await self._world.pause(SECONDS_PER_TEXT * len(texts))


def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, openai_error("a JSON object is expected"))
    return body


def service() -> Service:
    """The service, ready to run."""
    world = from_environment()
    handlers = Embeddings(world)
    routes = {
        "GET /health": handlers.health,
        "GET /v1/models": handlers.models,
        "POST /v1/embeddings": handlers.openai,
        "POST /embed": handlers.embed,
        "POST /embed_sparse": handlers.embed_sparse,
        "POST /rerank": handlers.rerank,
        "POST /v1/rerank": handlers.rerank,
        "POST /v2/rerank": handlers.rerank,
    }
    return Service("embeddings", routes, starting=15, gib=2.5, world=world)
