"""What stands behind `/upstream/{service}` reaches the service with every byte as it was."""

from tests.gateway.fake_upstream import FakeUpstream
from tests.gateway.hot_path.wire import CHAT, Client, request

PATHS = (
    "/", "/a%2Fb", "/a%252Fb", "/%E2%9C%93", "/a/../b", "/./a", "/a//b///", "//a", "/a%20b+c",
    "/a;b=c,d", "/%00%0d%0a", "/~'()*!$&:@=", "/upstream/vllm/x", "/v1/chat/completions/", "/%zz",
    "/x?a=1&a=2&b&=&c=%2F%26", "/x?q=/../?", "/x?model=alpha",
)  # fmt: skip


async def test_paths_stay_as_they_are(client: Client, upstream: FakeUpstream):
    for path in PATHS:
        assert (await client.ask(request("GET", f"/upstream/vllm{path}"))).status == 200
        assert upstream.calls.get_nowait().line == f"GET {path} HTTP/1.1".encode()


async def test_a_service_without_a_path_is_its_root(client: Client, upstream: FakeUpstream):
    for rest in ("", "?a=1"):
        await client.ask(request("GET", f"/upstream/vllm{rest}"))

        assert upstream.calls.get_nowait().line == f"GET /{rest} HTTP/1.1".encode()


async def test_the_query_of_a_route_goes_along(client: Client, upstream: FakeUpstream):
    await client.ask(request("POST", f"{CHAT}?a=%2F&a=2&model=x", body=b"{}"))

    assert upstream.calls.get_nowait().line == f"POST {CHAT}?a=%2F&a=2&model=x HTTP/1.1".encode()


async def test_an_unknown_service_is_not_found_and_those_that_exist_are_named(
    client: Client, upstream: FakeUpstream
):
    for name in ("nobody", "", "..", "vllm%2F", "VLLM", "%76llm"):
        got = await client.ask(request("GET", f"/upstream/{name}/x"))

        assert got.status == 404
        assert b"vllm" in got.body
    assert upstream.calls.empty()


async def test_methods_that_nobody_takes_are_refused_and_the_others_named(
    client: Client, upstream: FakeUpstream
):
    for method in ("PUT", "DELETE", "PATCH", "TRACE"):
        got = await client.ask(request(method, "/upstream/vllm/x", body=b""))

        assert (got.status, got[b"allow"]) == (405, b"GET, HEAD, POST")
    assert upstream.calls.empty()
