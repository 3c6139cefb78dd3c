"""A service with a dead GPU context is told from one that merely failed, and is checked at once."""

import asyncio
import logging
import queue
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.wedge_signs import wedge_sign
from gateway.prefect_api import PrefectApi
from gateway.wedge import Wedge, problem
from tests.gateway.fake_prefect import FakePrefect

ADVICE = (
    "\nCUDA kernel errors might be asynchronously reported at some other API call, so the stacktrace below "
    "might be incorrect.\nFor debugging consider passing CUDA_LAUNCH_BLOCKING=1\n"
    "Compile with `TORCH_USE_CUDA_DSA` to enable device-side assertions.\n"
)
DEAD = [
    "CUDA error: an illegal memory access was encountered" + ADVICE,
    "CUDA error: unspecified launch failure" + ADVICE,
    "CUDA error: device-side assert triggered" + ADVICE,
    "CUDA error: unknown error",
    "CUDA driver error: unknown error",
    "Transcription failed: cuFFT error: CUFFT_INTERNAL_ERROR",
    "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm( handle, opa)`",
    "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`",
    "cuBLAS failed with status CUBLAS_STATUS_INTERNAL_ERROR",
    "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
    "CUDA failed with error an illegal memory access was encountered",
    "Triton Error [CUDA]: an illegal memory access was encountered",
    "NCCL error: unhandled cuda error (run with NCCL_DEBUG=INFO for details)",
    "vllm.v1.engine.exceptions.EngineDeadError",
    "EngineCore encountered an issue. See stack trace (above) for the root cause.",
    "diarization failed: RuntimeError('CUDA error: unspecified launch failure')",
    'the model said "torch.AcceleratorError: CUDA error: unknown error"',
    "CUDA out of memory. Tried to allocate 2.00 GiB; then CUDA error: an illegal memory access",
]
ALIVE = [
    "",
    "Internal Server Error",
    "CUDA out of memory. Tried to allocate 2.00 GiB.",
    "CUDA error: out of memory" + ADVICE,
    "CUDA failed with error out of memory",
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "CUDA error: CUBLAS_STATUS_INVALID_VALUE when calling `cublasGemmEx`",
    "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED",
    "CUDA error: no kernel image is available for execution on the device" + ADVICE,
    "CUDA error: invalid configuration argument" + ADVICE,
    "could not parse the tool call 'why do I get CUDA error: unspecified launch failure?'",
    'no template for "explain: illegal memory access, device-side assert"',
    "the file is no audio; couldn't decode it",
]


@pytest.mark.parametrize("text", DEAD)
@pytest.mark.parametrize("wrap", [str.encode, lambda text: msgspec.json.encode({"error": {"message": text}})])
def test_a_dead_context_is_recognised(text, wrap):
    assert wedge_sign(wrap(text))


@pytest.mark.parametrize("text", ALIVE)
@pytest.mark.parametrize("wrap", [str.encode, lambda text: msgspec.json.encode({"detail": [text]})])
def test_what_leaves_the_context_alive_is_not_taken_for_a_wedge(text, wrap):
    assert not wedge_sign(wrap(text))


def test_what_an_error_gives_back_of_the_request_does_not_count():
    fault = {
        "msg": "Field required",
        "input": "CUDA error: unknown error",
        "ctx": {"error": "EngineDeadError"},
    }

    assert not wedge_sign(msgspec.json.encode({"detail": [fault]}))


def test_the_sign_is_one_line_without_the_advice():
    assert wedge_sign(("RuntimeError: " + DEAD[0]).encode()) == (
        "CUDA error: an illegal memory access was encountered"
    )


@given(st.binary(max_size=300) | st.text(alphabet="'\"`\\ CUDAerror:x\n").map(str.encode))
def test_any_bytes_can_be_looked_at(body: bytes):
    assert len(wedge_sign(body)) < 200


@given(st.sampled_from(DEAD[:8]), st.text(alphabet="abc '\"\n"))
def test_what_an_error_quotes_does_not_count(said: str, more: str):
    quoted = repr(f"Please explain {said.splitlines()[0]} {more}")

    assert wedge_sign(f"cannot parse the tool call: {quoted}".encode()) == ""


def test_a_client_is_told_when_to_come_back():
    told = problem("parakeet on spark-2")

    assert (told.status, told.code) == (503, "upstream_wedged")
    assert told.headers == {"retry-after": "60"}
    assert str(told).startswith("parakeet on spark-2 has stopped working")


class DeepChecks(FakePrefect):
    """A Prefect that has the deployment of the deep check; what it starts is put into `started`."""

    def __init__(self) -> None:
        super().__init__()
        self.deployed = True
        self.started: queue.Queue[dict[str, Any]] = queue.Queue()

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if path == "/api/deployments/name/deep-check/cluster":
            return (200, {"id": self.deployment}) if self.deployed else (404, {"detail": "Not Found"})
        if path.endswith("/create_flow_run"):
            self.started.put(body)
            return 201, {"id": "33333333-3333-4333-8333-333333333333"}
        return super().answer(method, path, body)

    async def next_started(self) -> dict[str, Any]:
        return await asyncio.to_thread(self.started.get, timeout=10)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def checks() -> AsyncIterator[DeepChecks]:
    checks = DeepChecks()
    yield checks
    checks.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def wedge(checks: DeepChecks, clock: Clock) -> AsyncIterator[Wedge]:
    api = PrefectApi(checks.url, "http://prefect.example")
    wedge = Wedge(api, clock)
    yield wedge
    await wedge.close()
    await api.close()


async def test_a_wedged_service_is_checked_once_a_minute_at_most(
    wedge: Wedge, checks: DeepChecks, clock: Clock
):
    for _ in range(3):
        wedge.saw("parakeet", "CUDA error: unknown error")
    started = await checks.next_started()
    assert started["parameters"] == {"service": "parakeet", "reason": "CUDA error: unknown error"}

    wedge.saw("kokoro", "cuFFT error")
    assert (await checks.next_started())["parameters"]["service"] == "kokoro"

    clock.now = 60.0
    wedge.saw("parakeet", "again")
    assert (await checks.next_started())["parameters"]["reason"] == "again"
    assert checks.started.empty()
    assert wedge.seen == {"parakeet": 4, "kokoro": 1}


async def test_three_timeouts_in_a_row_are_a_wedge(wedge: Wedge, checks: DeepChecks):
    wedge.timed_out("parakeet")
    wedge.timed_out("parakeet")
    wedge.answered("parakeet")
    wedge.timed_out("parakeet")
    wedge.timed_out("parakeet")
    assert wedge.seen["parakeet"] == 0

    wedge.timed_out("parakeet")
    assert "3 requests in a row" in (await checks.next_started())["parameters"]["reason"]


async def test_a_deep_check_that_is_not_deployed_yet_is_said_once(
    wedge: Wedge, checks: DeepChecks, caplog: pytest.LogCaptureFixture
):
    checks.deployed = False
    with caplog.at_level(logging.WARNING):
        for service in ("parakeet", "kokoro", "magpie"):
            wedge.saw(service, "cuFFT error")
        await wedge.close(grace_seconds=20)

    assert wedge.not_checked == 3
    assert sum("cannot be checked" in line for line in caplog.messages) == 1


async def test_while_prefect_is_gone_requests_go_on(wedge: Wedge, checks: DeepChecks):
    checks.close()
    wedge.saw("parakeet", "cuFFT error")
    await wedge.close(grace_seconds=20)

    assert wedge.not_checked == 1


async def test_one_broken_connection_is_enough_unless_something_speaks_against_it(
    checks: DeepChecks, clock: Clock
):
    async def why_not(service: str) -> str:
        return "it was stopped on purpose" if service == "kokoro" else ""

    api = PrefectApi(checks.url, "http://prefect.example")
    wedge = Wedge(api, clock, why_not)
    wedge.broke("kokoro", "it takes no connections")
    wedge.broke("parakeet", "it takes no connections")
    wedge.broke("parakeet", "it takes no connections")
    started = await checks.next_started()
    await wedge.close(grace_seconds=20)
    await api.close()

    assert started["parameters"] == {"service": "parakeet", "reason": "it takes no connections"}
    assert checks.started.empty()
    assert wedge.seen == {}


async def test_three_failures_of_a_service_in_a_row_are_looked_into(wedge: Wedge, checks: DeepChecks):
    wedge.erred("parakeet")
    wedge.timed_out("parakeet")
    assert checks.started.empty()

    wedge.erred("parakeet")
    assert (await checks.next_started())["parameters"]["reason"] == "3 requests in a row failed"
