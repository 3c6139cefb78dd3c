"""Reading vLLM's log: phases, bars, and what of it people get to see."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.vllm_log import PHASES, LogReader, Progress, plain_line, split_timestamp

OLD = (
    "INFO 01-02 10:00:00 [api_server.py:1] vLLM API server version 0.13.0",
    "(EngineCore_DP0 pid=9) INFO 01-02 10:00:01 [core.py:1] Initializing a V1 LLM engine (v0.13.0) with:",
    "(EngineCore_DP0 pid=9) INFO 01-02 10:00:02 [gpu_model_runner.py:1] Starting to load model org/name...",
    "Loading safetensors using Fastsafetensor loader:  50% Completed | 2/4 [00:01<00:01,  2.00it/s]",
    "(EngineCore_DP0 pid=9) INFO 01-02 10:00:09 [default_loader.py:1] Loading weights took 7.00 seconds",
    "(EngineCore_DP0 pid=9) INFO 01-02 10:00:10 [backends.py:1] Dynamo bytecode transform time: 4.00 s",
    "(EngineCore_DP0 pid=9) INFO 01-02 10:00:20 [gpu_worker.py:1] Available KV cache memory: 20.00 GiB",
    "Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):  50%|#####     | 4/8 [00:01<00:01, 4.00it/s]",
    "(EngineCore_DP0 pid=9) INFO 01-02 10:00:29 [gpu_model_runner.py:1] Graph capturing finished in 2 secs",
    "(APIServer pid=1) INFO 01-02 10:00:30 [api_server.py:1] Starting vLLM API server 0 on http://0.0.0.0:8888",
    "(APIServer pid=1) INFO:     Application startup complete.",
)
NEW = (
    "(APIServer pid=1) INFO 01-02 10:00:00 [utils.py:1] non-default args: {'model_tag': 'org/name'}",
    "(APIServer pid=1) INFO 01-02 10:00:01 [model.py:1] Resolved architecture: SomeForCausalLM",
    "(EngineCore pid=9) INFO 01-02 10:00:02 [gpu_model_runner.py:1] Starting to load model org/name...",
    "(Worker_TP0 pid=10) Loading safetensors checkpoint shards:  50% Completed | 2/4 [00:01<00:01, 2.0it/s]",
    "(EngineCore pid=9) INFO 01-02 10:00:09 [gpu_model_runner.py:1] Model loading took 20 GiB and 8 seconds",
    "(EngineCore pid=9) INFO 01-02 10:00:10 [backends.py:1] Compiling a graph for compile range (1, 8)",
    "(EngineCore pid=9) INFO 01-02 10:00:20 [gpu_model_runner.py:1] Profiling CUDA graph memory: PIECEWISE=5",
    "(EngineCore pid=9) INFO 01-02 10:00:25 [flashinfer.py:1] Running FlashInfer autotune ...",
    "(EngineCore pid=9) INFO 01-02 10:00:29 [core.py:1] init engine (profile, create kv cache) took 20.00 s",
    "(APIServer pid=1) INFO 01-02 10:00:30 [entry.py:1] Starting vLLM server on http://0.0.0.0:8888",
    "(APIServer pid=1) INFO:     Uvicorn running on http://0.0.0.0:8888 (Press CTRL+C to quit)",
)
NAMES = [name for name, _ in PHASES]


def phases_of(*lines: str) -> list[str]:
    """The phases as they follow each other."""
    reader = LogReader()
    seen = [reader.feed(line).phase for line in lines]
    return [name for index, name in enumerate(seen) if index == 0 or seen[index - 1] != name]


@pytest.mark.parametrize("log", [OLD, NEW], ids=["0.13", "0.33"])
def test_a_whole_start_goes_through_every_phase_in_order(log: tuple[str, ...]):
    assert phases_of(*log) == NAMES


def test_the_shares_of_the_phases_are_the_whole():
    assert sum(share for _, share in PHASES) == pytest.approx(1)


def test_progress_grows_with_the_bar_of_the_weights():
    reader = LogReader()
    bar = "Loading safetensors checkpoint shards: {:3}% Completed | 1/9 [00:13<00:11,  2.87s/it]"
    fractions = [reader.feed(bar.format(percent)).fraction for percent in (0, 25, 50, 100)]

    assert fractions == pytest.approx([0.05, 0.1625, 0.275, 0.5])
    assert reader.progress.within == 1.0


@pytest.mark.parametrize("loader", ["safetensors", "fastsafetensors", "pt", "multi-thread"])
def test_only_the_known_loaders_have_a_bar_that_is_read(loader: str):
    progress = LogReader().feed(f"Loading {loader} checkpoint shards:  40% Completed | 2/5")

    assert (progress.within == 0.4) == loader.endswith("safetensors")


def test_of_a_bar_with_carriage_returns_every_state_is_read():
    reader = LogReader()

    reader.feed("\rCapturing CUDA graphs (FULL):   0%|\rCapturing CUDA graphs (FULL):  50%|#\r")

    assert (reader.progress.phase, reader.progress.within) == ("capturing graphs", 0.5)


def test_a_drafter_that_begins_again_at_zero_does_not_take_progress_back():
    reader = LogReader()
    reader.feed("Loading safetensors checkpoint shards: 100% Completed | 5/5")
    before = reader.progress.fraction

    reader.feed("Loading drafter model...")
    again = reader.feed("Loading safetensors checkpoint shards:   0% Completed | 0/1")

    assert again.fraction == before


def test_the_host_behind_does_not_take_the_progress_of_the_host_ahead_back():
    reader = LogReader()
    ahead = [reader.feed(line) for line in NEW[:6]][-1]

    behind = reader.feed("(Worker_TP1 pid=5) Loading safetensors checkpoint shards:  10% Completed | 1/9")

    assert behind == ahead


def test_two_hosts_line_by_line_come_to_the_same_end():
    interleaved = [line for pair in zip(OLD, NEW, strict=True) for line in pair]

    assert phases_of(*interleaved)[-1] == NAMES[-1]
    assert LogReader().feed(OLD[-1]).started


def test_nothing_is_known_before_the_first_line():
    progress = LogReader().progress

    assert (progress.phase, progress.fraction, progress.started) == (NAMES[0], 0.0, False)


lines = st.one_of(
    st.sampled_from((*OLD, *NEW)),
    st.text(max_size=40),
    st.builds(
        "{}{}: {}% Completed".format,
        st.sampled_from(["Loading safetensors checkpoint shards", "\rCapturing CUDA graphs (FULL)"]),
        st.sampled_from(["", " (x)"]),
        st.integers(0, 10**6),
    ),
)


@given(st.lists(lines, max_size=40))
def test_progress_never_falls_and_stays_a_share_whatever_the_lines(sequence: list[str]):
    reader = LogReader()
    seen = [Progress(), *(reader.feed(line) for line in sequence)]

    assert all(before.fraction <= after.fraction <= 1 for before, after in pairwise(seen))
    assert all(NAMES.index(before.phase) <= NAMES.index(after.phase) for before, after in pairwise(seen))
    assert all(progress.within is None or 0 <= progress.within <= 1 for progress in seen)


@given(st.lists(lines, max_size=10), st.floats(0, 1e6), st.floats(0, 1e5))
def test_the_time_to_go_is_a_time(sequence: list[str], elapsed: float, expected: float):
    reader = LogReader()
    for line in sequence:
        reader.feed(line)

    remaining = reader.progress.remaining_seconds(elapsed, expected)

    assert remaining >= 0
    assert math.isfinite(remaining)


def test_the_time_to_go_follows_habit_first_and_pace_later():
    assert Progress(fraction=0.0).remaining_seconds(30, 300) == 270
    assert Progress(fraction=0.5).remaining_seconds(100, 300) == pytest.approx(150)
    assert Progress(fraction=1.0).remaining_seconds(100, 300) == 0


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("2026-03-04T10:00:00.123456789Z INFO x", ("2026-03-04T10:00:00.123456789Z", "INFO x")),
        ("2026-03-04T10:00:00Z ", ("2026-03-04T10:00:00Z", "")),
        ("2026-03-04T10:00:00.1Z   File x", ("2026-03-04T10:00:00.1Z", "  File x")),
        ("Error response from daemon", ("", "Error response from daemon")),
        ("", ("", "")),
    ],
)
def test_dockers_timestamp_is_taken_off_a_line(line: str, parts: tuple[str, str]):
    assert split_timestamp(line) == parts


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("(EngineCore_DP0 pid=9) INFO x  ", "INFO x"),
        ("(Worker_TP0 pid=10) INFO y", "INFO y"),
        ("(APIServer pid=1) INFO z", "INFO z"),
        ("(something else) INFO", "(something else) INFO"),
        ("bar 10%\rbar 20%", "bar 20%"),
        ("bar 10%\r", "bar 10%"),
    ],
)
def test_a_line_is_shown_as_people_want_it(line: str, shown: str):
    assert plain_line(line) == shown
