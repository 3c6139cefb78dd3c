"""Why a start failed: the first cause in time on any host, whatever is said after it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.diagnosis import diagnose

CORE = "(EngineCore pid=77) ERROR 03-04 10:00:00 [core.py:900] "
WORKER = "(Worker_TP1 pid=78) ERROR 03-04 10:00:00 [multiproc_executor.py:600] "
AFTERWARDS = (
    CORE + "EngineCore failed to start.",
    CORE + "Traceback (most recent call last):",
    CORE + '  File "/opt/vllm/v1/engine/core.py", line 890, in run_engine_core',
    WORKER + "Worker proc VllmWorker-1 died unexpectedly (exit code: 1), shutting down executor.",
    "(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above.",
    "vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue.",
)
CAUSES = {
    "ValueError: Free memory on device cuda:0 (30.1/121.7 GiB) on startup is less than desired GPU memory "
    "utilization (0.9, 109.5 GiB)": "not enough free memory",
    "ValueError: No available memory for the cache blocks. Raise it.": "left no memory for its cache",
    "ValueError: To serve at least one request with the model's max seq len (99), 2 GiB KV cache is needed, "
    "which is larger than the available KV cache memory (1 GiB).": "context length",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.": "GPU ran out of memory",
    "NVRM: nvAssertOkFailedNoLog: Out of memory [NV_ERR_NO_MEMORY] (0x51)": "GPU ran out of memory",
    "ValueError: max_num_batched_tokens (8) must be greater than or equal to max_num_seqs (9)": "contradict",
    "ValueError: max_num_batched_tokens (2048) is smaller than max_model_len (4096).": "contradict",
    "TypeError: Error: --enable-auto-tool-choice requires --tool-call-parser": "tool or reasoning parser",
    "KeyError: 'invalid tool call parser: x (chose from { a,b })'": "tool or reasoning parser",
    "vllm serve: error: unrecognized arguments: --colour green": "does not know one of",
    "ptxas fatal : Value 'sm_121a' is not defined for option 'gpu-name'": "compiler inside the image",
    "ImportError: libcudart.so.12: cannot open shared object file: No such file": "another CUDA version",
    "OSError: You are trying to access a gated repo. Cannot access gated repo for url x": "refused access",
    "requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url": "refused access",
    "ValueError: Current node has no GPU available. current_node_resource={}": "already uses the GPU",
    "LocalEntryNotFoundError: cannot find the requested files in the disk cache": "weights were not found",
    "OSError: [Errno 28] No space left on device": "disk is full",
    "RuntimeError: NCCL error: unhandled system error": "could not talk to each other",
}
"""Texts of engines that failed, and a piece of what must be said about each."""


def log(*lines: str) -> list[tuple[str, str]]:
    """Lines a second apart."""
    return [(f"2026-03-04T10:00:{second:02}.000000000Z", line) for second, line in enumerate(lines)]


@pytest.mark.parametrize("line", CAUSES)
@pytest.mark.parametrize("prefix", ["", "(EngineCore pid=77) ", CORE])
def test_every_known_text_gives_its_cause_although_misleading_lines_follow(prefix: str, line: str):
    found = diagnose({"spark-1": log("INFO all is well", prefix + line, *AFTERWARDS)})

    assert CAUSES[line] in found.cause
    assert found.advice
    assert (found.host, found.line) == ("spark-1", " ".join((prefix + line).split()))


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("TimeoutError: Timed out waiting for engine core processes to start. Waited 600s", "time limit"),
        (WORKER + "Worker proc VllmWorker-0 died unexpectedly (exit code: None)", "worker process"),
        (CORE + "RayWorkerProc rank=[2] died unexpectedly, shutting down executor.", "worker process"),
        (CORE + "EngineCore encountered a fatal error.", "died after it had started"),
    ],
)
def test_the_aftermath_is_the_cause_only_when_nothing_was_said_before(line: str, cause: str):
    assert cause in diagnose({"spark-1": log(line, *AFTERWARDS[:3])}).cause

    own = diagnose({"spark-1": log(CORE + "ValueError: head size 80 is odd", line)})
    assert "does not know" in own.cause
    assert "head size 80" in own.line


def test_the_host_that_failed_first_decides():
    """Each host logs the failure of the other one a little later."""
    logs = {
        "spark-1": [("2026-03-04T10:00:09Z", "RuntimeError: NCCL error: remote process exited")],
        "spark-2": [("2026-03-04T10:00:05Z", "torch.OutOfMemoryError: CUDA out of memory.")],
    }

    found = diagnose(logs)

    assert found.host == "spark-2"
    assert "ran out of memory" in found.cause


def test_lines_of_the_same_moment_keep_their_order():
    same = "2026-03-04T10:00:00.000000001Z"
    logs = {"spark-1": [(same, "OSError: [Errno 28] No space left on device"), (same, "CUDA out of memory")]}

    assert "disk is full" in diagnose(logs).cause


def test_an_error_that_is_not_known_is_shown_as_it_stands():
    found = diagnose(
        {"spark-1": log("INFO fine", CORE + "ValueError:   head  size 80 is odd", *AFTERWARDS[:3])}
    )

    assert "does not know" in found.cause
    assert found.line.endswith("ValueError: head size 80 is odd")


def test_the_exception_is_shown_rather_than_the_way_to_it():
    found = diagnose(
        {
            "spark-1": log(
                WORKER + "WorkerProc hit an exception.",
                WORKER + "Traceback (most recent call last):",
                WORKER + '  File "/opt/worker.py", line 3, in load',
                WORKER + "    raise ValueError(message)",
                WORKER + "mylib.errors.ShapeError: 3 is not 4",
            )
        }
    )

    assert found.line.endswith("mylib.errors.ShapeError: 3 is not 4")


def test_without_an_exception_the_first_error_line_is_shown():
    found = diagnose(
        {"spark-1": log(CORE + "  some context", CORE + "the fabric is on fire", CORE + "and more")}
    )

    assert found.line.endswith("the fabric is on fire")


def test_a_warning_that_names_an_exception_is_not_taken_for_the_cause():
    benign = "(APIServer pid=1) WARNING 03-04 10:00:00 [x.py:1] Failed to import y with ImportError: no y"

    assert diagnose({"spark-1": log(benign)}) is None


@pytest.mark.parametrize("lines", [(), ("INFO fine", "Application startup complete.")])
def test_a_log_that_says_nothing_gives_nothing(lines: tuple[str, ...]):
    assert diagnose({"spark-1": log(*lines), "spark-2": []}) is None


def test_only_what_is_never_the_cause_gives_nothing():
    assert diagnose({"spark-1": log(*AFTERWARDS[:3], AFTERWARDS[4])}) is None


def test_a_very_long_line_is_cut():
    assert len(diagnose({"spark-1": log("CUDA out of memory " + "x" * 10_000)}).line) == 500


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.lists(st.tuples(st.text(max_size=8), st.text()))))
def test_no_log_makes_the_diagnosis_fail(logs):
    found = diagnose(logs)

    assert found is None or found.host in logs
