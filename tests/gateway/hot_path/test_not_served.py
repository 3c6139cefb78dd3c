"""Routes that an image may lack: 501 names its version; a model that is not found is another matter."""

import json

from tests.gateway.fake_upstream import Call, FakeUpstream
from tests.gateway.hot_path.wire import Client, request

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\n"
NO_MODEL = b'{"object":"error","message":"The model `alpha` does not exist.","code":404}'
NEWER = ("/v1/messages", "/v1/messages/count_tokens", "/v1/responses")


def says(upstream: FakeUpstream, body: bytes) -> None:
    async def script(call: Call) -> None:
        await call.answer(body, NOT_FOUND)

    upstream.script = script


async def test_a_route_that_the_image_lacks_is_501_and_names_its_version(
    client: Client, upstream: FakeUpstream
):
    for body in (b'{"detail":"Not Found"}', b'{"detail":"Not Found"}\n', b"404 page not found"):
        says(upstream, body)
        for path in NEWER:
            got = await client.ask(request("POST", path, body=b'{"model": "alpha"}'))
            error = json.loads(got.body)["error"]

            assert (got.status, error["code"]) == (501, "not_implemented")
            assert f"does not serve {path}: its image has vLLM 0.33.0" in error["message"]


async def test_a_model_that_is_not_found_passes(client: Client, upstream: FakeUpstream):
    says(upstream, NO_MODEL)
    for path in NEWER:
        got = await client.ask(request("POST", path, body=b'{"model": "alpha"}'))

        assert (got.status, got.body) == (404, NO_MODEL)


async def test_on_other_routes_a_404_is_the_upstreams_own(client: Client, upstream: FakeUpstream):
    says(upstream, b'{"detail":"Not Found"}')
    for asked in (request("POST", "/v1/chat/completions", body=b"{}"), request("GET", "/upstream/vllm/x")):
        got = await client.ask(asked)

        assert (got.status, got.body) == (404, b'{"detail":"Not Found"}')


async def test_where_the_route_is_served_it_passes(client: Client, upstream: FakeUpstream):
    for path in NEWER:
        assert (await client.ask(request("POST", path, body=b'{"model": "alpha"}'))).body == b'{"ok": true}'
