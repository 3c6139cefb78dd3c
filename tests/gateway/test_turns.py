"""A service gets no more requests at once than it is allowed; the others wait, and clients take turns."""

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.problem import Problem
from gateway.turns import Turn, Turns

STT = "parakeet"


@pytest.fixture
def turns() -> Turns:
    turns = Turns()
    turns.limit(STT, 1, 8)
    return turns


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def join(turns: Turns, client: str) -> asyncio.Task[Turn]:
    task = asyncio.create_task(turns.wait(STT, client))
    await settle()
    return task


def take(turns: Turns) -> Turn:
    turn = turns.take(STT, "first")
    assert turn is not None
    return turn


async def test_there_is_a_turn_at_once_while_there_is_room(turns: Turns):
    turn = await turns.wait(STT, "ann")

    assert (turn.queued_seconds, turn.position) == (0.0, 0)
    assert turns.take(STT, "bob") is None


def test_a_service_without_a_limit_is_only_counted():
    turns = Turns()
    taken = [turns.take("vllm", "ann") for _ in range(1000)]

    assert None not in taken
    assert turns.counts("vllm")[:3] == (1000, 0, 0.0)


def test_a_service_nobody_has_used_is_idle_for_ever():
    assert Turns().counts("vllm").idle_seconds == math.inf


def test_a_service_is_idle_from_the_end_of_its_last_request(turns: Turns):
    turn = take(turns)
    assert turns.counts(STT).idle_seconds == 0.0

    turn.give_back()
    assert 0.0 < turns.counts(STT).idle_seconds < 60.0


def test_a_turn_given_back_twice_makes_room_for_one(turns: Turns):
    turn = take(turns)
    turn.give_back()
    turn.give_back()

    assert turns.take(STT, "ann") is not None
    assert turns.take(STT, "ann") is None


async def test_who_waited_knows_how_long_and_at_which_place(turns: Turns):
    first = take(turns)
    await join(turns, "ann")
    bob = await join(turns, "bob")
    assert turns.counts(STT).oldest_seconds > 0.0

    first.give_back()
    turns.limit(STT, 2, 8)
    turn = await bob

    assert turn.position == 2
    assert turn.queued_seconds > 0.0


async def test_who_finds_the_queue_full_is_told_so_and_when_to_come_back(turns: Turns):
    turns.limit(STT, 1, 2)
    take(turns)
    waiting = [await join(turns, "ann") for _ in range(2)]

    with pytest.raises(Problem) as raised:
        await turns.wait(STT, "bob")

    assert (raised.value.status, raised.value.code) == (429, "queue_full")
    assert int(raised.value.headers["retry-after"]) >= 1
    assert str(raised.value).startswith("parakeet is busy: it takes 1 at once and 2 wait already")
    assert not any(task.done() for task in waiting)


async def test_without_a_queue_nobody_waits(turns: Turns):
    turns.limit(STT, 1, 0)
    take(turns)

    with pytest.raises(Problem, match="none may wait"):
        await turns.wait(STT, "bob")


async def test_a_client_that_left_does_not_get_a_turn(turns: Turns):
    first = take(turns)
    ann, bob = await join(turns, "ann"), await join(turns, "bob")
    ann.cancel()
    await settle()
    assert turns.counts(STT).waiting == 1

    first.give_back()
    assert (await bob).position == 2


async def test_a_turn_that_reaches_a_client_as_it_leaves_is_handed_on(turns: Turns):
    first = take(turns)
    ann, bob = await join(turns, "ann"), await join(turns, "bob")
    first.give_back()
    ann.cancel()

    await bob
    assert ann.cancelled()
    assert turns.counts(STT)[:2] == (1, 0)


async def test_a_client_that_leaves_as_a_turn_comes_free_is_passed_over(turns: Turns):
    first = take(turns)
    ann, bob = await join(turns, "ann"), await join(turns, "bob")
    ann.cancel()
    first.give_back()

    await bob
    assert turns.counts(STT)[:2] == (1, 0)


async def test_one_busy_client_does_not_lock_another_out(turns: Turns):
    turns.limit(STT, 1, 100)
    first = take(turns)
    hers = [await join(turns, "ann") for _ in range(50)]
    his = await join(turns, "bob")

    first.give_back()
    (await hers[0]).give_back()
    await his

    assert sum(task.done() for task in hers) == 1


async def test_more_room_is_used_at_once(turns: Turns):
    take(turns)
    waiting = [await join(turns, "ann") for _ in range(5)]
    turns.limit(STT, 3, 8)
    await settle()
    assert [task.done() for task in waiting] == [True, True, False, False, False]

    turns.limit(STT, 0, 0)
    await asyncio.gather(*waiting)


async def test_less_room_sends_nobody_away(turns: Turns):
    turns.limit(STT, 2, 8)
    running = [take(turns), take(turns)]
    ann = await join(turns, "ann")
    turns.limit(STT, 1, 0)
    running.pop().give_back()
    await settle()
    assert not ann.done()

    running.pop().give_back()
    await ann


@given(st.lists(st.sampled_from("abc"), max_size=12))
async def test_clients_take_turns_and_each_is_served_in_its_own_order(clients: list[str]):
    """Each round serves every client that still waits once, in the order in which they first came."""
    rounds = [clients[:place].count(client) for place, client in enumerate(clients)]
    order = sorted(range(len(clients)), key=lambda n: (rounds[n], clients.index(clients[n])))

    assert await served(clients) == order


async def served(clients: list[str]) -> list[int]:
    turns = Turns()
    turns.limit(STT, 1, len(clients))
    first = take(turns)
    order: list[int] = []

    async def be_served(number: int, client: str) -> None:
        turn = await turns.wait(STT, client)
        order.append(number)
        turn.give_back()

    tasks = [asyncio.create_task(be_served(*each)) for each in enumerate(clients)]
    await settle()
    first.give_back()
    await asyncio.gather(*tasks)
    return order
