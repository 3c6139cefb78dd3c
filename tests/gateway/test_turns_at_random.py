"""Whatever comes, leaves and changes in whatever order, turns are kept as a simple model keeps them."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.problem import Problem
from gateway.turns import Turn, Turns

CLIENTS = st.sampled_from(("ann", "bob", "cem"))
STT = "parakeet"


class Model:
    """The turns as lists: who is in flight, and each client's waiters in the order of the clients' turns."""

    def __init__(self) -> None:
        self.at_once, self.queue = 1, 2
        self.in_flight: list[int] = []
        self.clients: list[tuple[str, list[int]]] = []

    @property
    def waiting(self) -> list[int]:
        return [number for _, numbers in self.clients for number in numbers]

    @property
    def room(self) -> bool:
        return not self.at_once or len(self.in_flight) < self.at_once

    def join(self, client: str, number: int) -> None:
        for name, numbers in self.clients:
            if name == client:
                numbers.append(number)
                return
        self.clients.append((client, [number]))

    def leave(self, number: int) -> None:
        self.clients = [(name, [n for n in numbers if n != number]) for name, numbers in self.clients]
        self.clients = [(name, numbers) for name, numbers in self.clients if numbers]

    def hand_on(self) -> None:
        while self.clients and self.room:
            client, (number, *rest) = self.clients.pop(0)
            self.in_flight.append(number)
            if rest:
                self.clients.append((client, rest))


class TurnsAtRandom(RuleBasedStateMachine):
    """Drives both and compares them."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.turns, self.model = Turns(), Model()
        self.tasks: dict[int, asyncio.Task[Turn]] = {}
        self.held: dict[int, Turn] = {}
        self.numbers = iter(range(10**9))

    def teardown(self) -> None:
        for number in list(self.tasks):
            self.leave(number)
        self.settle()
        self.loop.close()

    @initialize()
    def begin(self) -> None:
        self.turns.limit(STT, self.model.at_once, self.model.queue)

    @rule(at_once=st.integers(0, 3), queue=st.integers(0, 4))
    def the_limit_changes(self, at_once: int, queue: int) -> None:
        self.turns.limit(STT, at_once, queue)
        self.model.at_once, self.model.queue = at_once, queue
        self.model.hand_on()
        self.settle()

    @rule(client=CLIENTS)
    def one_takes(self, client: str) -> None:
        turn = self.turns.take(STT, client)
        assert (turn is not None) == self.model.room
        if turn is not None:
            number = next(self.numbers)
            self.held[number] = turn
            self.model.in_flight.append(number)

    @rule(client=CLIENTS)
    def one_asks(self, client: str) -> None:
        number = next(self.numbers)
        task = self.loop.create_task(self.turns.wait(STT, client))
        if not self.model.room and len(self.model.waiting) >= self.model.queue:
            self.settle()
            assert isinstance(task.exception(), Problem)
            return
        self.tasks[number] = task
        self.model.join(client, number)
        self.model.hand_on()
        self.settle()

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def one_ends(self, data: st.DataObject) -> None:
        self.end(data.draw(st.sampled_from(sorted(self.held))))
        self.settle()

    @precondition(lambda self: self.model.waiting)
    @rule(data=st.data())
    def one_leaves(self, data: st.DataObject) -> None:
        self.leave(data.draw(st.sampled_from(self.model.waiting)))
        self.settle()

    @precondition(lambda self: self.model.waiting and self.held)
    @rule(data=st.data())
    def one_leaves_as_it_gets_its_turn(self, data: st.DataObject) -> None:
        before = set(self.model.in_flight)
        self.end(data.draw(st.sampled_from(sorted(self.held))))
        for number in set(self.model.in_flight) - before:
            self.model.in_flight.remove(number)
            self.leave(number)
        self.model.hand_on()
        self.settle()

    @precondition(lambda self: self.model.waiting and self.held)
    @rule(data=st.data())
    def a_turn_comes_free_as_one_leaves(self, data: st.DataObject) -> None:
        self.leave(data.draw(st.sampled_from(self.model.waiting)))
        self.end(data.draw(st.sampled_from(sorted(self.held))))
        self.settle()

    @invariant()
    def both_agree(self) -> None:
        counts = self.turns.counts(STT)
        assert sorted(self.held) == sorted(self.model.in_flight)
        assert sorted(self.tasks) == sorted(self.model.waiting)
        assert (counts.in_flight, counts.waiting) == (len(self.held), len(self.tasks))
        assert (counts.oldest_seconds > 0.0) == bool(self.tasks)

    @invariant()
    def nobody_waits_while_there_is_room(self) -> None:
        assert not (self.model.room and self.tasks)

    def settle(self) -> None:
        """Let every task go as far as it can; those that have their turn now hold it."""
        for _ in range(4):
            self.loop.run_until_complete(asyncio.sleep(0))
        for number, task in list(self.tasks.items()):
            if task.done():
                del self.tasks[number]
                self.held[number] = task.result()

    def end(self, number: int) -> None:
        turn = self.held.pop(number)
        turn.give_back()
        turn.give_back()
        self.model.in_flight.remove(number)
        self.model.hand_on()

    def leave(self, number: int) -> None:
        self.tasks.pop(number).cancel()
        self.model.leave(number)


TurnsAtRandom.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestTurnsAtRandom = TurnsAtRandom.TestCase
