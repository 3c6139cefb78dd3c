"""The guard, and that every error is our envelope."""

import contextlib

import httpx
import pytest

from gateway.cors import Cors
from gateway.guard import require_known_origin, require_same_origin
from gateway.options import Options
from gateway.problem import Problem
from tests.gateway.fake_upstream import Call, FakeUpstream

NOBODY = "44444444-4444-4444-8444-444444444444"


async def test_a_change_asked_for_by_another_page_is_refused(http: httpx.AsyncClient):
    pages = [{"origin": "http://evil.example"}, {"origin": "null"}, {"referer": "http://evil.example/page"}]
    for headers in pages:
        for path in ("/api/swap", "/api/swap/lock", "/upstream/vllm/sleep"):
            got = await http.post(path, json={"model": "beta", "holder": "x"}, headers=headers)

            assert got.status_code == 403, (path, headers)
            assert got.json()["error"]["type"] == "authentication_error"


async def test_our_own_page_and_programs_may_change_things(http: httpx.AsyncClient):
    own = {"origin": str(http.base_url).rstrip("/")}
    first = await http.post("/api/swap/lock", json={"holder": "page"}, headers=own)
    second = await http.delete("/api/swap/lock?force=true")

    assert [first.status_code, second.status_code] == [201, 200]


async def test_the_hot_path_is_closed_to_other_pages(http: httpx.AsyncClient):
    for origin in ("http://chat.example", "null"):
        headers = {"origin": origin}
        got = await http.post("/v1/chat/completions", json={"model": "alpha"}, headers=headers)
        asked = await http.options(
            "/v1/chat/completions", headers={**headers, "access-control-request-method": "POST"}
        )

        assert [got.status_code, got.json()["error"]["code"]] == [403, "other_origin"]
        assert "access-control-allow-origin" not in {*got.headers, *asked.headers}


async def test_the_hot_path_is_open_to_programs_and_our_own_page(http: httpx.AsyncClient):
    own = {"origin": str(http.base_url).rstrip("/")}
    for headers in ({}, own, {"referer": "http://chat.example/"}):
        got = await http.post("/v1/chat/completions", json={"model": "alpha"}, headers=headers)

        assert got.status_code == 200


async def say_that_all_may_read(call: Call) -> None:
    """An answer as an engine with open CORS of its own gives it."""
    await call.answer(b"{}", b"HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\n")


async def test_an_upstream_does_not_decide_which_pages_may_read(
    http: httpx.AsyncClient, upstream: FakeUpstream
):
    upstream.script = say_that_all_may_read
    got = await http.get("/upstream/vllm/version", headers={"origin": "http://evil.example"})

    assert got.status_code == 200
    assert "access-control-allow-origin" not in got.headers


class TestCorsOrigins:
    @pytest.fixture
    def options(self, options: Options):
        object.__setattr__(options, "cors_origins", frozenset({"http://chat.example"}))
        return options

    async def test_their_pages_may_use_the_hot_path_and_no_other(
        self, http: httpx.AsyncClient, upstream: FakeUpstream
    ):
        upstream.script = say_that_all_may_read
        headers = {"origin": "http://chat.example"}
        chat = await http.post("/v1/chat/completions", json={"model": "alpha"}, headers=headers)
        unknown = await http.post("/v1/chat/completions", json={"model": "nobody"}, headers=headers)
        control = await http.post("/api/swap", json={"model": "beta"}, headers=headers)

        assert [chat.status_code, unknown.status_code, control.status_code] == [200, 404, 403]
        for got in (chat, unknown):
            assert got.headers.get_list("access-control-allow-origin") == ["http://chat.example"]
        assert "access-control-allow-origin" not in control.headers

    async def test_a_browser_that_asks_first_is_told(self, http: httpx.AsyncClient):
        headers = {"origin": "http://chat.example", "access-control-request-method": "POST"}
        asked = {"access-control-request-headers": "authorization, Bad Header"}
        got = await http.options("/v1/chat/completions", headers={**headers, **asked})

        assert [got.status_code, got.content] == [204, b""]
        assert got.headers["access-control-allow-origin"] == "http://chat.example"
        assert got.headers["access-control-allow-headers"] == "authorization"


OWN, LISTED, FOREIGN = b"http://spark.example", b"http://chat.example", b"http://evil.example"
FROM_PAGES = [
    ("POST", OWN, [], True), ("POST", LISTED, [], True), ("POST", FOREIGN, [], False),
    ("POST", b"null", [], False), ("POST", b"", [], True), ("DELETE", FOREIGN, [], False),
    ("POST", b"http://spark.example:81", [], False), ("POST", b"http://spark.example@evil.org", [], False),
    ("GET", FOREIGN, [], True), ("GET", FOREIGN, [(b"upgrade", b"websocket")], False),
    ("GET", LISTED, [(b"upgrade", b"websocket")], True), ("GET", OWN, [(b"upgrade", b"websocket")], True),
]  # fmt: skip


@pytest.mark.parametrize(("method", "origin", "more", "welcome"), FROM_PAGES)
def test_a_page_may_use_the_hot_path_when_it_is_ours_or_listed(method, origin, more, welcome):
    headers = [(b"host", b"spark.example"), (b"origin", origin), *more]
    refusal = pytest.raises(Problem, match="may not use this gateway")
    with contextlib.nullcontext() if welcome else refusal:
        require_known_origin(method, headers, Cors({"http://chat.example"}))


def test_no_other_page_opens_a_websocket_to_what_can_change_things():
    page = [(b"host", b"spark.example"), (b"origin", FOREIGN)]
    require_same_origin("GET", page)

    with pytest.raises(Problem, match="another origin"):
        require_same_origin("GET", [*page, (b"upgrade", b"websocket")])


class TestAllowedHosts:
    @pytest.fixture
    def options(self, options: Options):
        object.__setattr__(options, "allowed_hosts", frozenset({"spark.example"}))
        return options

    async def test_only_these_names_are_answered(self, http: httpx.AsyncClient):
        names = {
            "spark.example": 200, "SPARK.example:9999": 200, "evil.example": 403, "": 403,
            "evil.example:1@spark.example": 403, "spark.example.evil.example": 403,
        }  # fmt: skip
        for name, status in names.items():
            headers = {"host": name}
            control = await http.get("/health", headers=headers)
            chat = await http.post("/v1/chat/completions", json={"model": "alpha"}, headers=headers)

            assert [control.status_code, chat.status_code] == [status, status], name


REFUSED = [
    ("GET", "/nothing", None, 404), ("GET", "/v1/nothing", None, 404), ("GET", "/dashboard/no.js", None, 404),
    ("GET", "/dashboard/..%2Fapp.py", None, 404), ("GET", "/api/runs/not-an-id", None, 404),
    ("GET", f"/api/runs/{NOBODY}", None, 404), ("GET", f"/api/runs/{NOBODY}/stream", None, 404),
    ("POST", f"/api/runs/{NOBODY}/resume", b'{"go": true}', 404), ("DELETE", "/health", None, 405),
    ("GET", "/v1/chat/completions", None, 405), ("PUT", "/upstream/vllm/x", None, 405),
    ("GET", "/upstream/none/x", None, 404), ("POST", "/api/swap", b"{", 400),
    ("POST", "/api/swap", b"[1]", 400), ("POST", "/api/swap", b"", 400),
    ("POST", "/v1/chat/completions", b"{", 400),
    ("POST", "/v1/chat/completions", b'{"model": 1}', 400), ("POST", "/v1/chat/completions", b"[]", 400),
    ("POST", "/v1/chat/completions", b"", 400), ("POST", "/api/swap", b"x" * 2_000_000, 413),
]  # fmt: skip


async def test_every_error_is_our_envelope(http: httpx.AsyncClient):
    for method, path, body, status in REFUSED:
        got = await http.request(method, path, content=body)
        error = got.json()["error"]

        assert got.status_code == status, path
        assert set(error) == {"message", "type", "code", "param"}
        assert error["type"] == "invalid_request_error"
        assert not {"Exception", "Error", "Traceback", "msgspec", "litestar"} & set(error["message"].split())


class TestSmallLimits:
    @pytest.fixture
    def options(self, options: Options):
        object.__setattr__(options, "body_limit", 1000)
        object.__setattr__(options, "upload_limit", 1000)
        return options

    async def test_what_is_too_large_is_refused_named_or_not(
        self, http: httpx.AsyncClient, upstream: FakeUpstream
    ):
        async def parts():
            for _ in range(10):
                yield b"x" * 500

        for path in ("/v1/chat/completions", "/upstream/vllm/x"):
            assert (await http.post(path, content=b"x" * 2000)).status_code == 413
            assert (await http.post(path, content=parts())).status_code == 413
