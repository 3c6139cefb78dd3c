"""A service gets so many requests at once; the others wait in order, and nobody is locked out."""

import asyncio
import json

import pytest

from blocks.ledger.keys import create_key
from blocks.ledger.store import Ledger
from gateway.options import Options
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream
from tests.gateway.hot_path.wire import CHAT, Answer, Client, NewClient, figures, request, until_waiting


@pytest.fixture
def prefect(prefect: FakePrefect) -> FakePrefect:
    prefect.documents["cluster"]["services"][0] |= {"at_once": 2, "queue": 4}
    return prefect


class Slow:
    """An upstream whose answers a test gives one by one, in the order in which the requests came."""

    def __init__(self, upstream: FakeUpstream) -> None:
        upstream.script = self._serve
        self._waiting: asyncio.Queue[tuple[Call, asyncio.Event]] = asyncio.Queue()
        self.names: list[str] = []
        self.most = self._now = 0

    async def _serve(self, call: Call) -> None:
        self._now += 1
        self.most = max(self.most, self._now)
        self.names.append(json.loads(call.body)["name"])
        go = asyncio.Event()
        self._waiting.put_nowait((call, go))
        await go.wait()
        self._now -= 1
        await call.answer(b"{}")

    async def answer_one(self) -> None:
        """Let the oldest request have its answer."""
        _call, go = await asyncio.wait_for(self._waiting.get(), 10)
        go.set()


def named(name: str, *headers: str) -> bytes:
    return request("POST", CHAT, *headers, body=json.dumps({"name": name}).encode())


async def test_the_cap_is_held_and_those_who_wait_are_served_in_order(
    clients: NewClient, client: Client, upstream: FakeUpstream
):
    slow = Slow(upstream)
    six = [await clients() for _ in range(6)]
    for number, one in enumerate(six):
        await one.send(named(str(number)))
        if number < 2:
            while len(slow.names) <= number:  # noqa: ASYNC110 - it happens on another connection
                await asyncio.sleep(0.01)
        else:
            await until_waiting(client, number - 1)
    for _ in six:
        await slow.answer_one()
    got = [await one.answer() for one in six]

    assert slow.most == 2
    assert slow.names == list("012345")
    assert [answer.status for answer in got] == [200] * 6
    assert [answer.all(b"x-queue-position") for answer in got] == [[], [], [b"1"], [b"2"], [b"3"], [b"4"]]
    assert [len(answer.all(b"x-queue-ms")) for answer in got] == [0, 0, 1, 1, 1, 1]


async def test_with_the_queue_full_the_answer_is_429_at_once(
    clients: NewClient, client: Client, upstream: FakeUpstream
):
    slow = Slow(upstream)
    six = [await clients() for _ in range(6)]
    for one in six:
        await one.send(named("x"))
    await until_waiting(client, 4)
    stream = request("POST", CHAT, body=b'{"stream": true}')
    refused: Answer = await asyncio.wait_for(client.ask(stream), 5)

    assert (refused.status, refused[b"content-type"]) == (429, b"application/json")
    assert json.loads(refused.body)["error"]["type"] == "rate_limit_error"
    assert b"vllm is busy" in refused.body
    assert int(refused[b"retry-after"]) >= 1

    six[5].leave()
    await until_waiting(client, 3)
    seventh = await clients()
    await seventh.send(named("the seventh"))
    for _ in range(6):
        await slow.answer_one()
    assert (await seventh.answer()).status == 200, "who left has made room"
    assert b'spark_requests_in_flight{service="vllm"} 0.0' in await figures(client)
    assert b'outcome="busy"' in await figures(client)


async def test_a_changed_limit_counts_at_once(
    clients: NewClient, client: Client, upstream: FakeUpstream, prefect: FakePrefect
):
    slow = Slow(upstream)
    four = [await clients() for _ in range(4)]
    for one in four:
        await one.send(named("x"))
    await until_waiting(client, 2)
    cluster = json.loads(json.dumps(prefect.documents["cluster"]))
    cluster["services"][0]["at_once"] = 4
    prefect.documents["cluster"] = cluster
    await until_waiting(client, 0)
    for _ in four:
        await slow.answer_one()

    assert [(await one.answer()).status for one in four] == [200] * 4
    assert slow.most == 4


class TestKeys:
    @pytest.fixture
    def keys(self, ledger: Ledger) -> list[str]:
        return [create_key(ledger, name, ["inference", "control"]) for name in ("archive", "phone")]

    @pytest.fixture
    def options(self, options: Options, keys: list[str]) -> Options:
        """Of a gateway that starts when there are keys."""
        return options

    @pytest.fixture
    def prefect(self, prefect: FakePrefect) -> FakePrefect:
        prefect.documents["cluster"]["services"][0] |= {"at_once": 1, "queue": 10}
        return prefect

    async def test_clients_with_two_keys_take_turns(
        self, clients: NewClient, upstream: FakeUpstream, keys: list[str]
    ):
        slow = Slow(upstream)
        archive, phone = (f"x-api-key: {key}" for key in keys)
        asked = [
            ("a0", archive),
            ("a1", archive),
            ("a2", archive),
            ("a3", archive),
            ("p1", phone),
            ("p2", phone),
        ]
        everyone = [await clients() for _ in asked]
        for number, (one, (name, key)) in enumerate(zip(everyone, asked, strict=True)):
            await one.send(named(name, key))
            while len(slow.names) + await self.waiting(clients, archive) <= number:
                pass
        for _ in asked:
            await slow.answer_one()
        statuses = [(await one.answer()).status for one in everyone]

        assert statuses == [200] * 6
        assert slow.names == ["a0", "a1", "p1", "a2", "p2", "a3"]

    async def waiting(self, clients: NewClient, key: str) -> int:
        """How many wait at vLLM."""
        page = (await (await clients()).ask(request("GET", "/metrics", key))).body
        line = page.partition(b'spark_requests_waiting{service="vllm"} ')[2]
        return int(float(line.partition(b"\n")[0]))
