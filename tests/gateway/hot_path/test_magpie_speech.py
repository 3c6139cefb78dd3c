"""OpenAI's way to ask for speech, answered by a service that only knows Magpie's."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream
from tests.gateway.hot_path.wire import OK, Client, NewClient, chunked, request
from tests.simulator.engines import Spark

SPEECH = "/v1/audio/speech"
ARIA = "Magpie-Multilingual.EN-US.Aria"
LONG = " ".join("Here is one more sentence, which is to be spoken behind the others." for _ in range(36))
SOUND = OK + b"content-type: application/octet-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def serves(prefect: FakePrefect, port: int, **more: Any) -> FakePrefect:
    """Magpie's dialect is spoken at that port."""
    voice = {"name": "magpie", "kind": "tts", "host": "spark-2", "port": port, "container": "magpie"}
    prefect.documents["cluster"]["services"].append(voice | {"dialect": "magpie"} | more)
    return prefect


def say(text: str, form: str = "wav", **more: str) -> bytes:
    body = {"model": "tts-1", "input": text, "voice": ARIA, "response_format": form} | more
    return request("POST", SPEECH, "content-type: application/json", body=json.dumps(body).encode())


class TestSimulated:
    """Against the simulator's stand-in, which refuses what the real one refuses."""

    @pytest.fixture
    async def prefect(self, prefect: FakePrefect, tmp_path: Path):
        async with Spark(tmp_path / "spark-2").runs("magpie-server") as running:
            await running.ready()
            yield serves(prefect, running.port, health_path="/v1/health/ready")

    async def test_text_becomes_sound_and_voices_are_listed(self, client: Client):
        short = await client.ask(say("Hello there."))
        samples = await client.ask(say("Hello there.", "pcm"))
        long = await client.ask(say(LONG))
        voices = json.loads((await client.ask(request("GET", "/v1/audio/voices"))).body)["voices"]

        assert [got.status for got in (short, samples, long)] == [200, 200, 200]
        assert (short[b"content-type"], samples[b"content-type"]) == (b"audio/wav", b"audio/pcm")
        assert short.body[:4] == long.body[:4] == b"RIFF"
        assert int(short[b"content-length"]) == len(short.body)
        assert long.all(b"content-length") == []
        assert len(long.body) > 10 * len(short.body)
        assert long.body.count(b"RIFF") == 1, "one head for all parts"
        assert {"id": ARIA, "name": "Aria", "language": "en-US"} in voices

    async def test_what_it_cannot_do_is_refused_in_words(self, client: Client):
        mp3 = await client.ask(say("Hello.", "mp3"))
        nobody = await client.ask(say("Hello.", voice="Magpie-Multilingual.EN-US.Nobody"))

        assert (mp3.status, json.loads(mp3.body)["error"]["param"]) == (400, "response_format")
        assert (nobody.status, nobody[b"content-type"]) == (400, b"application/json")
        assert b"is not available" in nobody.body, "the service's own words"


class TestScripted:
    @pytest.fixture
    def prefect(self, prefect: FakePrefect, speech: FakeUpstream) -> FakePrefect:
        prefect.documents["upstream-keys"] = {"keys": {"magpie": "sk-magpie"}}
        return serves(prefect, speech.port, at_once=1)

    async def test_the_first_sound_leaves_before_the_last_part_is_asked_for(
        self, client: Client, speech: FakeUpstream
    ):
        go_on = asyncio.Event()

        async def script(call: Call) -> None:
            await call.send(SOUND, b"3\r\none\r\n")
            await go_on.wait()
            await call.send(b"3\r\ntwo\r\n0\r\n\r\n")

        speech.script = script
        await client.send(say(LONG, "pcm"))
        await client.head()
        assert await client.chunk() == b"one"
        assert speech.calls.qsize() == 1
        go_on.set()
        rest = await client.reader.readuntil(b"0\r\n\r\n")

        assert rest.count(b"two") == speech.calls.qsize() > 1

    async def test_it_gets_its_own_key_and_our_id_and_nothing_of_the_clients_body(
        self, client: Client, speech: FakeUpstream
    ):
        asked = say("Hello.").replace(
            b"host:", b"authorization: Bearer mine\r\naccept-encoding: br\r\nx-request-id: mine-1\r\nhost:"
        )
        got = await client.ask(asked)
        headers = speech.calls.get_nowait().headers

        assert got.status == 200
        assert headers[b"authorization"] == b"Bearer sk-magpie"
        assert headers[b"x-request-id"] == got[b"x-request-id"] == b"mine-1"
        assert headers[b"content-type"].startswith(b"multipart/form-data; boundary=")
        assert b"accept-encoding" not in headers

    @pytest.mark.parametrize("end", ["refuses", "goes", "is gone"])
    async def test_a_later_part_that_fails_breaks_the_sound_off(
        self, client: Client, speech: FakeUpstream, end: str
    ):
        async def first(call: Call) -> None:
            await call.send(SOUND, chunked(b"one"))
            speech.script = second
            if end == "is gone":
                await speech.stop()

        async def second(call: Call) -> None:
            if end == "refuses":
                await call.answer(b"{}", b"HTTP/1.1 400 No\r\n")
            else:
                call.hang_up()

        speech.script = first
        got = await client.ask(say(LONG, "pcm"))

        assert (got.status, got.body, got.whole) == (200, b"one", False)

    async def test_a_dead_context_is_looked_at_as_elsewhere(
        self, client: Client, speech: FakeUpstream, deep_checks: list[Any]
    ):
        async def script(call: Call) -> None:
            await call.answer(b'{"error":"CUDA error: device-side assert triggered"}', b"HTTP/1.1 500 Oh\r\n")

        speech.script = script
        got = await client.ask(say("Hello."))
        async with asyncio.timeout(10):
            while not deep_checks:  # noqa: ASYNC110 - it happens in another thread
                await asyncio.sleep(0.01)

        assert (got.status, got[b"retry-after"]) == (503, b"60")
        assert deep_checks[0]["service"] == "magpie"

    async def test_a_client_that_leaves_ends_it_and_no_further_part_is_asked_for(
        self, client: Client, clients: NewClient, speech: FakeUpstream
    ):
        async def script(call: Call) -> None:
            await call.send(SOUND, b"3\r\none\r\n")
            await call.wait_until_left()

        speech.script = script
        await client.send(say(LONG, "pcm"))
        await client.head()
        call = await speech.calls.get()
        client.leave()
        await asyncio.wait_for(call.left.wait(), 5)

        async def answer(call: Call) -> None:
            await call.send(SOUND, chunked(b"x"))

        speech.script = answer
        assert (await (await clients()).ask(say("Hello.", "pcm"))).body == b"x"
        assert speech.calls.qsize() == 1

    async def test_what_cannot_be_asked_for_takes_nobodys_turn(
        self, client: Client, clients: NewClient, speech: FakeUpstream
    ):
        speech.script = Call.wait_until_left
        await (await clients()).send(say("Hello."))
        await speech.calls.get()
        got = await asyncio.wait_for(client.ask(say("Hello.", "mp3")), 5)

        assert (got.status, got.all(b"x-queue-position")) == (400, [])
