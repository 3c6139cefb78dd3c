"""What is known before anything is stopped: arithmetic, memory of the hosts, and the plan in plain words."""

import dataclasses

import pytest

from blocks.recipe import Recipe
from tasks.arithmetic import MARGIN_GIB, MemoryNeed, faults_of_fit, need_per_host
from tasks.checks.memory import GIB
from tasks.headroom import Load, memory_findings, needed_gib
from tasks.plan import plan_sentences, spoken
from tasks.preflight import PreflightFailed
from tasks.situation import Situation
from tests.tasks.cluster_of_two import BOTH, SOLO, TWO, launch_of, plan_of, sight


def test_the_need_of_a_host_is_its_share_of_memory_and_its_part_of_the_weights():
    assert need_per_host(0.5, 60 * GIB, 2, 120 * GIB) == MemoryNeed(budget=60, weights=30)


@pytest.mark.parametrize(
    ("need", "free", "pieces"),
    [
        (MemoryNeed(60, 30), 61.0, []),
        (MemoryNeed(60, 60), 61.0, []),
        (MemoryNeed(60, 30), 60.9, ["will have 61 GiB free", "asks for 60 GiB", "lower --gpu-memory"]),
        (MemoryNeed(20, 30), 100.0, ["weights (30 GiB on spark-1)", "allows (20 GiB)", "raise --gpu-memory"]),
        (MemoryNeed(60, 70), 10.0, ["weights (70 GiB", "will have 10 GiB free"]),
    ],
)
def test_a_model_fits_when_its_budget_is_free_and_its_weights_are_within(
    need, free: float, pieces: list[str]
):
    said = "; ".join(faults_of_fit(need, free, "spark-1"))

    assert bool(said) == bool(pieces)
    assert all(piece in said for piece in pieces)


def memory(recipe: Recipe, situation: Situation, weights: float = 10) -> tuple[float, list[str]]:
    plan, size = plan_of(recipe), Load(int(weights * GIB))
    found = memory_findings(plan, situation, size)
    return needed_gib(plan, situation, size), [one.sentence for one in found if one.prevents]


def test_an_idle_host_has_what_it_says_it_has():
    needed, faults = memory(SOLO, Situation(sights={"spark-1": sight(61.5)}))

    assert (needed, faults) == (60 + MARGIN_GIB, [])
    assert memory(SOLO, Situation(sights={"spark-1": sight(50)}))[1]


def test_what_the_present_model_was_given_comes_back_on_its_hosts_only():
    present = launch_of(BOTH, "spark-1", "spark-2")
    sights = {"spark-1": sight(20), "spark-2": sight(20)}

    both = Situation(sights=sights, launch=present, engine_hosts=("spark-1", "spark-2"))
    assert memory(BOTH, both)[1] == []
    first_only = dataclasses.replace(both, launch=launch_of(SOLO, "spark-1"), engine_hosts=("spark-1",))
    assert [fault.split()[0] for fault in memory(BOTH, first_only)[1]] == ["spark-1", "spark-2"]


def test_more_than_the_whole_memory_never_comes_back():
    greedy = Recipe(key="greedy", model="org/greedy", args=["--gpu-memory-utilization", "1.0"])
    situation = Situation(sights={"spark-1": sight(110)}, launch=launch_of(SOLO, "spark-1"))

    assert "will have 120 GiB free" in memory(greedy, situation)[1][0]


def test_an_engine_of_unknown_share_gets_the_benefit_of_the_doubt():
    situation = Situation(sights={"spark-1": sight(5, container="vllm_node")}, engine_hosts=("spark-1",))

    assert memory(SOLO, situation)[1] == []


def test_weights_on_two_hosts_are_halved():
    situation = Situation(sights={"spark-1": sight(120), "spark-2": sight(120)})

    assert memory(BOTH, situation, weights=170)[1] == []
    assert len(memory(BOTH, situation, weights=200)[1]) == 2


def test_a_failed_preflight_says_all_that_is_wrong():
    failed = PreflightFailed(["no image", "no weights"])

    assert (str(failed), failed.faults) == ("no image; no weights", ["no image", "no weights"])


def sentences(situation: Situation, recipe: Recipe = SOLO) -> list[str]:
    return plan_sentences(TWO, plan_of(recipe), situation, 61.0, 240)


def test_the_plan_of_a_first_start_has_nothing_to_stop_and_nothing_to_go_back_to():
    assert sentences(Situation()) == [
        "Nothing has to be stopped: no model is loaded.",
        "Wait until 61 GiB of memory are free and steady on spark-1.",
        "Start Solo 7B on spark-1; this usually takes about 4 minutes.",
        "Until it answers, requests to the language model wait or are told to come back.",
        "If it fails, no model is loaded afterwards: there is none to go back to.",
    ]


def test_the_plan_names_what_is_stopped_where_and_what_comes_back():
    there = Situation(
        engine_hosts=("spark-1", "spark-2"), launch=launch_of(BOTH, "spark-1", "spark-2"), previous=BOTH
    )

    said = sentences(there)

    assert said[0] == (
        "Stop both on spark-1 and spark-2, once the answers under way have ended (up to 60 s)."
    )
    assert said[-1] == "If it fails, both is started again."


@pytest.mark.parametrize(
    ("serving", "sentence"),
    [
        (("own-model",), "Stop own-model on spark-1"),
        ((), "Stop what runs in the vLLM container on spark-1"),
    ],
)
def test_an_engine_that_others_started_is_named_as_far_as_it_is_known(
    serving: tuple[str, ...], sentence: str
):
    assert sentences(Situation(engine_hosts=("spark-1",), serving=serving))[0].startswith(f"{sentence}, ")


def test_a_cluster_that_drains_nothing_says_nothing_of_it():
    hasty = TWO.model_copy(update={"drain_seconds": 0})
    situation = Situation(engine_hosts=("spark-1",), serving=("own-model",))

    assert plan_sentences(hasty, plan_of(), situation, 61.0, 240)[0] == "Stop own-model on spark-1."


def test_a_bystander_that_is_out_of_reach_is_mentioned():
    assert sentences(Situation(unreachable={"spark-2": "down"}))[-1] == (
        "spark-2 is out of reach and takes no part."
    )


def test_a_recipe_for_two_hosts_names_both():
    assert sentences(Situation(), BOTH)[2].startswith("Start both on spark-1 and spark-2;")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "about 1 seconds"), (45, "about 45 seconds"), (89, "about 89 seconds"), (90, "about 2 minutes")],
)
def test_times_are_spoken(seconds: float, words: str):
    assert spoken(seconds) == words


@pytest.mark.parametrize(
    ("launch", "serving", "same"),
    [
        (launch_of(SOLO, "spark-1"), ("solo",), True),
        (launch_of(SOLO, "spark-1"), (), False),
        (launch_of(BOTH, "spark-1"), ("solo",), False),
        (None, ("solo",), False),
    ],
)
def test_only_the_very_recipe_that_runs_and_answers_needs_no_swap(launch, serving, same: bool):
    assert Situation(launch=launch, serving=serving).serves(SOLO) is same
