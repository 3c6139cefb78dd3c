"""A model that is named by another name than it is served by: that value changes, and not one other byte."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.asked import model_asked_for, rename_model
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream
from tests.gateway.hot_path.wire import CHAT, Client, chunked, request

SERVED = "org/Alpha-1.5B"
FILE = b"\x00\r\n--almost\r\n" * 1_500_000
PATH = "/v1/audio/transcriptions"
FORM = "content-type: multipart/form-data; boundary=almost2"


@pytest.fixture
def prefect(prefect: FakePrefect, upstream: FakeUpstream) -> FakePrefect:
    recipe = {"key": "alpha", "model": "org/alpha", "served_name": SERVED}
    prefect.documents["catalog"] = {"recipes": [recipe]}
    upstream.models = [SERVED]
    return prefect


BODIES = [
    (b'{"model":"alpha"}', b'{"model":"org/Alpha-1.5B"}'),
    (b' { "a" : [ {"model":"alpha"} ],\n"model" :\t"alpha" }', None),
    (b'{"model":"alpha","deep":{"model":"alpha","x":[{"model":"alpha"}]}}', None),
    (b'{"model":"beta","model":"alpha"}', b'{"model":"beta","model":"org/Alpha-1.5B"}'),
    (b'{"mo\\u0064el":"al\\u0070ha"}', b'{"mo\\u0064el":"org/Alpha-1.5B"}'),
    (b'{"x":"\\"model\\":\\"alpha\\"","model":"alpha","n":NaN}', None),
    (b'{"text":"\xff","model":"alpha"}', b'{"text":"\xff","model":"org/Alpha-1.5B"}'),
]


async def test_in_json_only_the_name_that_counts_changes(client: Client, upstream: FakeUpstream):
    for body, expected in BODIES:
        got = await client.ask(request("POST", CHAT, body=body))
        sent = upstream.calls.get_nowait()

        assert got.status == 200
        if expected is not None:
            assert sent.body == expected
        asked, before = json.loads(sent.body.decode("latin-1")), json.loads(body.decode("latin-1"))
        assert asked.pop("model") == SERVED
        assert before.pop("model") == "alpha"
        assert asked == pytest.approx(before, nan_ok=True) if "n" in before else asked == before


@given(st.lists(st.sampled_from(["model", "x"]), max_size=5), st.integers(0, 5))
def test_however_often_a_name_stands_there_the_last_at_the_top_counts(keys: list[str], place: int):
    members = [f'"{key}": "old"' for key in keys]
    members.insert(place, '"model": "alpha"')
    members.insert(0, '"deep": {"model": "alpha", "deeper": [{"model": "alpha"}]}')
    body = f"{{{', '.join(members)}}}".encode()
    changed = rename_model(body, "new")

    assert model_asked_for(changed) == "new"
    assert len(changed) - len(body) in (0, len("new") - len("alpha"))
    assert changed.count(b'"new"') == 1


def test_a_million_names_cost_no_more_than_a_few_looks():
    body = b'{"deep":[' + b'{"model":"alpha"},' * 200_000 + b'0],"model":"alpha"}'

    assert rename_model(body, "new") == body.removesuffix(b'"alpha"}') + b'"new"}'


def form(*parts: tuple[str, bytes]) -> bytes:
    """A multipart body."""
    body = b""
    for more, value in parts:
        body += f"--almost2\r\ncontent-disposition: form-data; {more}\r\n\r\n".encode() + value + b"\r\n"
    return body + b"--almost2--\r\n"


@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize("order", ["before", "behind"])
async def test_in_a_form_the_name_may_stand_before_or_behind_a_large_file(
    client: Client, upstream: FakeUpstream, order: str, framing: str
):
    fields = [("name=language", b"model"), ('name="model"', b"alpha"), ('name="x"; x="y"', b"alpha")]
    file = ('name="file"; filename="model"', FILE)
    parts = [*fields, file] if order == "before" else [file, *fields]
    body = form(*parts)
    if framing == "length":
        await client.send(request("POST", PATH, FORM, body=body))
    else:
        pieces = [body[at : at + 70_001] for at in range(0, len(body), 70_001)]
        await client.send(request("POST", PATH, FORM, "transfer-encoding: chunked"), chunked(*pieces))
    got = await client.answer()
    call = upstream.calls.get_nowait()

    assert got.status == 200
    assert call.body == body.replace(b'"model"\r\n\r\nalpha', b'"model"\r\n\r\n' + SERVED.encode())


async def test_a_file_of_that_name_and_a_form_that_cannot_be_read_pass_unchanged(
    client: Client, upstream: FakeUpstream
):
    for body in (
        form(('name="model"; filename="alpha.bin"', b"alpha")),
        form(("name=models", b"alpha")),
        b"--almost2\r\ncontent-disposition: form-data; name=model\r\n\r\nalpha",
        b"no form at all",
        b"",
    ):
        got = await client.ask(request("POST", PATH, FORM, body=body))

        assert (got.status, upstream.calls.get_nowait().body) == (200, body)


async def test_a_large_form_is_on_its_way_before_it_is_whole(client: Client, upstream: FakeUpstream):
    came = asyncio.get_running_loop().create_future()

    async def script(call: Call) -> None:
        came.set_result(await call.reader.readuntil(SERVED.encode()))
        await call.wait_until_left()

    upstream.script, upstream.reads_bodies = script, False
    body = form(('name="model"', b"alpha"), ('name="file"; filename="f"', FILE))
    await client.send(request("POST", PATH, FORM, f"content-length: {len(body)}"), body[:200_000])

    assert b'name="model"' in await asyncio.wait_for(came, 10)


class TestQuery:
    @pytest.fixture
    def prefect(self, prefect: FakePrefect, speech: FakeUpstream) -> FakePrefect:
        prefect.documents["cluster"]["services"].append(
            {"name": "voice", "kind": "tts", "host": "spark-2", "port": speech.port, "container": "voice"}
        )
        return prefect

    async def test_in_a_query_every_naming_changes(self, client: Client, speech: FakeUpstream):
        path = "/v1/audio/voices"
        for query, expected in (
            ("model=alpha", "model=org%2FAlpha-1.5B"),
            ("a=%2f&model=alph%61&xmodel=alpha&model=beta&b", None),
            ("model=tts-1&q=+%20", "model=tts-1&q=+%20"),
        ):
            await client.ask(request("GET", f"{path}?{query}"))
            line = speech.calls.get_nowait().line.decode()

            wanted = expected or query.replace("&model=alph%61", "&model=org%2FAlpha-1.5B")
            assert line == f"GET {path}?{wanted} HTTP/1.1"
