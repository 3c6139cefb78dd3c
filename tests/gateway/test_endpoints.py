"""/api/endpoints: the document from which other services learn where everything is."""

import httpx

from tests.gateway.fake_upstream import FakeUpstream


def urls(document: object) -> list[str]:
    if isinstance(document, dict):
        return [url for value in document.values() for url in urls(value)]
    return [document] if isinstance(document, str) and "://" in document else []


async def test_every_url_of_the_document_leads_somewhere(http: httpx.AsyncClient, upstream: FakeUpstream):
    document = (await http.get("/api/endpoints")).json()
    known = {
        "chat", "messages", "audio", "embeddings", "rerank", "search", "scrub", "realtime", "models",
        "metrics", "services",
    }  # fmt: skip

    assert document["version"] == 1
    assert known <= set(document)
    assert document["chat"] == {
        "url": f"{http.base_url}/v1".replace("//v1", "/v1"),
        "model": "alpha",
        "ready": True,
    }
    for url in urls(document):
        if url.endswith(("/v1", "/audio")):
            continue  # stems, below which the routes lie
        answer = await http.get(url.replace("ws://", "http://"))
        assert answer.status_code != 404, url


async def test_a_service_that_is_down_is_not_ready(http: httpx.AsyncClient, upstream: FakeUpstream):
    document = (await http.get("/api/endpoints")).json()

    assert document["services"]["vllm"]["ready"] is True
    assert document["embeddings"]["ready"] is False, "the cluster of this test has no such service"
