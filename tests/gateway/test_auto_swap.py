"""Requests that wait for a model on disk ask for its swap: real ledger, real calls, a scripted upstream."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from blocks.ledger.lock import take_lock
from blocks.ledger.runs import report, start_run
from blocks.ledger.store import Ledger
from gateway.auto_swap import AutoSwap
from gateway.keys import Keys
from gateway.models import Models
from gateway.next_swap import Rules
from gateway.prefect_api import PrefectApi
from gateway.problem import Problem
from gateway.records import Records
from gateway.swaps import Swaps
from gateway.turns import Turn, Turns
from gateway.upstream_pool import Pool
from gateway.watch import Watch
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import FakeUpstream


@dataclass
class World:
    """Everything an automatic swap meets; `ahead`: seconds by which its clock is ahead of the real one."""

    ledger: Ledger
    prefect: FakePrefect
    upstream: FakeUpstream
    turns: Turns
    models: Models
    auto_swap: AutoSwap = field(init=False)
    ahead: float = 1000.0

    def clock(self) -> float:
        return time.time() + self.ahead

    def hold(self, seconds: float = 20.0, client: str = "ann") -> asyncio.Task[str]:
        answers: Callable[[], str | None] = lambda: self.models.answers_as("beta")  # noqa: E731
        return asyncio.create_task(self.auto_swap.hold("beta", client, seconds, answers))

    async def told(self, seconds: float = 20.0) -> Problem:
        with pytest.raises(Problem) as raised:
            await self.hold(seconds)
        return raised.value

    def use(self) -> Turn:
        turn = self.turns.take("vllm", "bob")
        assert turn is not None
        return turn

    async def asked(self, times: int = 1) -> str:
        """The id of the run, once it has been asked for so many times."""
        await until(lambda: len(self.prefect.created) >= times)
        return list(self.prefect.runs)[-1]

    def end(self, run_id: str, state: str, **result: str) -> None:
        start_run(self.ledger, run_id, "swap", "beta", 200.0)
        columns = {"state": state, "ended": self.clock(), "result": {"message": "It ended.", **result}}
        report(self.ledger, run_id, "result", columns["result"], **columns)
        self.prefect.set_state(run_id, state.upper())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - it happens in other threads
            await asyncio.sleep(0.02)


@pytest.fixture
async def world(prefect: FakePrefect, ledger: Ledger, upstream: FakeUpstream) -> AsyncIterator[World]:
    records = Records(ledger.engine.url.render_as_string())
    api, pool = PrefectApi(prefect.url, "http://prefect.example"), Pool()
    watch = Watch(records, pool, Keys(records), Turns())
    models = Models(records, watch)
    world = World(ledger, prefect, upstream, Turns(), models)
    swaps, rules = Swaps(records, api, models), Rules(fresh_seconds=0.1)
    world.auto_swap = AutoSwap(models, swaps, watch, world.turns, rules, world.clock)
    async with watch.watching():
        await until(lambda: models.answers_as("alpha") is not None)
        yield world
        await world.auto_swap.close()
    pool.close()
    await api.close()
    records.close()


async def test_one_swap_serves_all_who_want_the_model(world: World):
    waiting = [world.hold(client=client) for client in ("ann", "ann", "bob")]
    run_id = await world.asked()
    world.upstream.models = ["beta"]
    world.end(run_id, "completed")

    assert await asyncio.gather(*waiting) == ["beta"] * 3
    assert [run["parameters"]["model"] for run in world.prefect.created] == ["beta"]


async def test_a_model_that_has_just_become_ready_stays_a_while(world: World):
    world.ahead = 0.0
    problem = await world.told(0.5)

    assert (problem.status, problem.code) == (503, "model_loading")
    assert "model beta is wanted; alpha stays until" in str(problem)
    assert problem.beside["loading"]["phase"] == "queued"
    assert 400 < problem.beside["loading"]["eta_seconds"] <= 500
    assert problem.headers["retry-after"] == "60"
    assert world.prefect.created == []


async def test_a_model_in_use_goes_when_the_other_has_been_waited_for_long_enough(world: World):
    turn = world.use()
    problem = await world.told(0.5)
    assert "alpha is in use" in str(problem)
    assert problem.beside["loading"]["run"] is None
    assert world.prefect.created == []

    holding = world.hold()
    await asyncio.sleep(0)
    world.ahead += 900.0
    await world.asked()
    turn.give_back()
    holding.cancel()


async def test_a_model_is_loaded_for_a_client_that_was_told_to_come_back(world: World):
    turn = world.use()
    await world.told(0.5)
    turn.give_back()

    await world.asked()


async def test_no_model_is_loaded_for_a_client_that_left(world: World):
    turn = world.use()
    holding = world.hold()
    await until(lambda: "in use" in world.auto_swap.explain("beta"))
    holding.cancel()
    turn.give_back()

    await until(lambda: "in use" not in world.auto_swap.explain("beta"))
    assert "about to be decided" in world.auto_swap.explain("beta")
    assert world.prefect.created == []


async def test_under_the_lock_of_another_nothing_is_asked_for(world: World):
    take_lock(world.ledger, "nightly batch", "until the report is done", 7200)
    problem = await world.told()

    assert (problem.status, problem.code) == (409, "locked")
    assert "nightly batch holds the swap lock until" in str(problem)
    assert problem.beside["lock"]["reason"] == "until the report is done"
    assert world.prefect.created == []


async def test_a_lock_does_not_send_those_away_whose_model_is_coming(world: World):
    world.end(world.prefect.add_run("RUNNING"), "running")
    take_lock(world.ledger, "nightly batch", "it loads beta itself", 7200)
    holding = world.hold()
    world.upstream.models = ["beta"]

    assert await holding == "beta"


async def test_a_lock_taken_while_the_model_loads_sends_nobody_away(world: World):
    holding = world.hold()
    run_id = await world.asked()
    take_lock(world.ledger, "nightly batch", "", 7200)
    world.upstream.models = ["beta"]
    world.end(run_id, "completed")

    assert await holding == "beta"


async def test_a_swap_that_failed_fails_all_who_wait_and_is_not_asked_for_again_at_once(world: World):
    waiting = [asyncio.create_task(world.told()) for _ in range(2)]
    world.end(await world.asked(), "failed", cause="No available memory for the cache blocks.")
    problems = await asyncio.gather(*waiting)
    problems.append(await world.told())

    assert [problem.code for problem in problems] == ["swap_failed"] * 3
    assert all("beta could not be loaded: No available memory" in str(problem) for problem in problems)
    assert 1 <= int(problems[-1].headers["retry-after"]) <= 60
    assert len(world.prefect.created) == 1

    world.ahead += 61.0
    holding = world.hold()
    await world.asked(2)
    holding.cancel()


async def test_a_swap_that_another_asked_for_and_that_failed_counts_as_well(world: World):
    world.end(world.prefect.add_run("RUNNING"), "failed", cause="unrecognized arguments: --x")
    problem = await world.told()

    assert "unrecognized arguments" in str(problem)
    assert world.prefect.created == []


async def test_a_swap_after_which_the_model_does_not_answer_has_failed(world: World):
    telling = asyncio.create_task(world.told())
    world.end(await world.asked(), "completed")

    assert "does not answer" in str(await telling)


async def test_a_run_that_somebody_deleted_has_failed(world: World):
    telling = asyncio.create_task(world.told())
    del world.prefect.runs[await world.asked()]

    assert "its run was deleted" in str(await telling)


async def test_while_prefect_is_gone_requests_are_told_to_come_back(world: World):
    world.prefect.close()
    problem = await world.told(0.5)

    assert (problem.status, problem.code) == (503, "model_loading")
