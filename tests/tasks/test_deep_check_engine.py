"""The deep check of a language model's engine: busy, dead, or without a model, on simulated engines."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from blocks.ledger.claim import claim
from blocks.ledger.launches import Launch, mark_ended, record_launch
from blocks.ledger.lock import take_lock
from blocks.ledger.seen import write_seen
from blocks.settings import Settings, make_settings
from tasks.deep_check import Checked, DeepCheck
from tasks.heal import Healer
from tests.simulator.engines import MODEL, Running, Spark, free_port
from tests.tasks.quiet import QuietReport, quiet_report

QUESTION = {"model": MODEL, "prompt": "Hello", "max_tokens": 5}


@pytest.fixture
def spark(tmp_path: Path) -> Spark:
    """A host with weights."""
    spark = Spark(tmp_path / "spark")
    spark.has_model()
    return spark


@pytest.fixture
async def engine(spark: Spark) -> AsyncIterator[Running]:
    """An engine on it that answers."""
    async with spark.vllm() as engine:
        yield await engine.ready()


@pytest.fixture
def report(tmp_path: Path) -> QuietReport:
    """A run, on a ledger of its own in which a model is loaded."""
    report = quiet_report(tmp_path)
    launch = Launch("l1", "r1", "alpha", {"key": "alpha"}, [], ["spark-1"], "", "", 1.0, ready=2.0)
    record_launch(report.ledger, launch)
    return report


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers are looked at twice within a short time."""
    monkeypatch.setattr("tasks.deep_check.STILL_SECONDS", 0.4)


def settings(port: int) -> Settings:
    service = {"name": "vllm", "kind": "vllm", "host": "spark-1", "port": port, "container": "vllm_node"}
    hosts = [{"name": "spark-1", "address": "127.0.0.1"}]
    return make_settings({"cluster": {"hosts": hosts, "services": [service]}})


def deep(report: QuietReport, port: int, seconds: float = 0.5) -> DeepCheck:
    return DeepCheck(settings(port), report.ledger, asked=True, seconds=seconds)


async def check(report: QuietReport, port: int, seconds: float = 0.5) -> Checked:
    """One deep check of the engine."""
    checking = deep(report, port, seconds)
    return await asyncio.to_thread(checking.check, checking.settings.cluster.vllm)


def see_watts(report: QuietReport, watts: float) -> None:
    """What the observer last saw of the GPU."""
    write_seen(report.ledger, "host/spark-1", {"reachable": True, "gpu": {"power": watts}})


async def test_a_model_that_says_a_token_is_well(engine: Running, report: QuietReport):
    found = await check(report, engine.port, 20)

    assert (found.health.verdict, found.health.why) == ("well", f"{MODEL} answers")


async def test_a_prefill_of_a_minute_is_not_taken_for_death(
    spark: Spark, engine: Running, report: QuietReport
):
    spark.fault("slow-prefill 60")
    asked = asyncio.create_task(engine.client.post("/v1/completions", json=QUESTION))
    while not (await engine.client.get("/simulator/requests")).json()["running"]:
        pass
    see_watts(report, 45.0)

    found = await check(report, engine.port)

    assert (found.health.verdict, found.needs_cure) == ("busy", False)
    assert "its GPU works (45 W)" in found.health.why
    asked.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asked


async def test_an_engine_that_generates_for_others_is_busy_without_a_word_of_its_gpu(
    spark: Spark, report: QuietReport
):
    many = {**QUESTION, "max_tokens": 300, "ignore_eos": True}
    async with spark.vllm("--max-num-seqs", "1") as engine:
        await engine.ready()
        spark.fault("slow-tokens 20")
        asked = asyncio.create_task(engine.client.post("/v1/completions", json=many))
        while not (await engine.client.get("/simulator/requests")).json()["running"]:
            pass
        see_watts(report, 12.0)

        found = await check(report, engine.port, 1)
        asked.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asked

    assert found.health.verdict == "busy"
    assert "it moves on with" in found.health.why


async def test_an_engine_that_stands_still_with_a_cold_gpu_is_wedged(
    spark: Spark, engine: Running, report: QuietReport
):
    spark.fault("wedged once")
    see_watts(report, 21.0)

    found = await check(report, engine.port)
    again = await check(report, engine.port)

    assert (found.health.verdict, found.health.wedged, found.needs_cure) == ("failing", True, True)
    assert "its GPU draws 21 W only" in found.health.why
    assert again.health.busy_since == found.health.busy_since
    assert not (spark.folder / "faults" / "engine").exists()


async def test_an_engine_whose_core_has_died_is_wedged(spark: Spark, engine: Running, report: QuietReport):
    spark.fault("dies-after-ready 0")
    while (await engine.client.get("/health")).status_code == 200:
        pass

    found = await check(report, engine.port, 20)

    assert (found.health.verdict, found.health.wedged) == ("failing", True)


async def test_without_an_engine_it_depends_on_whether_one_should_run(report: QuietReport):
    port = free_port()
    gone = await check(report, port)
    with claim(report.ledger, "gpu", "a swap", on_lost=lambda: None):
        swapping = await check(report, port)
    mark_ended(report.ledger, "stopped")
    stopped = await check(report, port)

    assert (gone.health.verdict, gone.health.why) == ("failing", "it takes no connections")
    assert (swapping.health.verdict, swapping.health.why) == ("skipped", "a swap is under way")
    assert (stopped.health.verdict, stopped.health.why) == ("skipped", "no model is loaded")


async def test_under_the_lock_of_another_no_model_is_loaded_anew(report: QuietReport):
    port = free_port()
    gone = await check(report, port)
    take_lock(report.ledger, "night job", "a batch", 60)
    began = time.monotonic()

    left = await asyncio.to_thread(Healer(deep(report, port), report).heal, gone)

    assert left.health.next.startswith("not restarted: the swap lock is held by night job")
    assert time.monotonic() - began < 5
