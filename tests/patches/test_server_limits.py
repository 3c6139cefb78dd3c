"""What the speech container's server refuses, and a GPU whose context is dead."""

import asyncio
from pathlib import Path

import pytest

from blocks.wedge_signs import wedge_sign
from tests.patches.conftest import form
from tests.patches.nemo_world import Script

TRANSCRIBE = "/v1/audio/transcriptions"
DIARIZE = "/v1/audio/diarize"
CHUNK = "/v1/audio/diarize-chunk"
ILLEGAL = (
    "CUDA error: an illegal memory access was encountered\n"
    "CUDA kernel errors might be asynchronously reported at some other API call\n"
    "Compile with `TORCH_USE_CUDA_DSA` to enable device-side assertions."
)


@pytest.mark.parametrize("route", [DIARIZE, CHUNK])
async def test_a_recording_that_is_too_long_names_the_limit(
    server, script: Script, tmp_path: Path, route: str
):
    async with server(DIARIZE_SECONDS=3) as client:
        answer = await client.post(route, **form(tmp_path, 4))

    assert answer.status_code == 413
    assert "longer than 3 seconds (MAX_DIARIZE_SECONDS)" in answer.json()["error"]["message"]
    assert not [call for call in script.calls if call[0] == "diarize"], "the GPU was not asked"


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({"data": {"model": "x"}}, 400, "no part named file"),
        ({"files": {"file": ("a.wav", b"")}}, 400, "cannot be decoded|can be read"),
        ({"files": {"file": ("a.wav", b"RIFF no sound at all")}}, 400, "cannot be decoded|can be read"),
    ],
)
async def test_what_is_no_recording_is_refused_in_words(server, sent: dict, status: int, words: str):
    async with server() as client:
        answer = await client.post(TRANSCRIBE, **sent)

    assert answer.status_code == status
    assert any(part in answer.json()["error"]["message"] for part in words.split("|"))


@pytest.mark.parametrize(
    "fields",
    [{"response_format": "html"}, {"response_format": "verbose_json", "timestamp_granularities[]": "char"}],
)
async def test_fields_that_nobody_knows_are_refused(server, tmp_path: Path, fields: dict):
    async with server() as client:
        answer = await client.post(TRANSCRIBE, **form(tmp_path, **fields))

    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "said",
    [
        ILLEGAL,
        "CUDA error: device-side assert triggered",
        "CUDA error: unspecified launch failure",
        "cuFFT error: CUFFT_INTERNAL_ERROR",
        "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasGemmEx( handle)`",
        "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
        "Error in the decoder\nRuntimeError: CUDA error: an illegal memory access was encountered",
    ],
)
async def test_a_dead_context_is_said_so_that_the_gateway_knows_it(
    server, script: Script, tmp_path: Path, said: str
):
    async with server() as client:
        script.fails = RuntimeError(said)
        first = await client.post(DIARIZE, **form(tmp_path))
        script.fails, script.calls = None, []
        then = await client.post(TRANSCRIBE, **form(tmp_path))
        health = await client.get("/health")

    assert (first.status_code, then.status_code) == (500, 500)
    assert wedge_sign(first.content)
    assert wedge_sign(then.content)
    assert script.calls == [], "what is dead is not asked again"
    assert (health.status_code, health.json()["status"]) == (503, "wedged")


async def test_memory_that_is_short_for_a_moment_is_no_dead_context(server, script: Script, tmp_path: Path):
    async with server() as client:
        script.fails = RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")
        first = await client.post(TRANSCRIBE, **form(tmp_path))
        script.fails = None
        then = await client.post(TRANSCRIBE, **form(tmp_path))

    assert (first.status_code, first.headers["retry-after"]) == (503, "30")
    assert wedge_sign(first.content) == ""
    assert ("empty_cache",) in script.calls
    assert then.status_code == 200


async def test_another_error_of_a_model_ends_nothing(server, script: Script, tmp_path: Path):
    async with server() as client:
        script.fails = ValueError("the manifest is empty")
        first = await client.post(DIARIZE, **form(tmp_path))
        script.fails = None

        assert first.status_code == 500
        assert "the manifest is empty" in first.json()["error"]["message"]
        assert (await client.post(DIARIZE, **form(tmp_path))).status_code == 200


async def test_models_that_do_not_load_are_told_by_health(server, script: Script, tmp_path: Path):
    script.fails = OSError("no space left on device")
    async with server() as client:
        health = await client.get("/health")
        answer = await client.post(TRANSCRIBE, **form(tmp_path))

    assert (health.status_code, health.json()["status"]) == (503, "failed")
    assert "no space left on device" in health.json()["error"]
    assert answer.status_code == 503


async def test_one_job_at_a_time_and_too_many_are_sent_away(server, script: Script, module, tmp_path: Path):
    async with server() as client:
        main = module("main")
        main.GPU._most_waiting = 2
        running, most = 0, 0

        def hear(*_: object) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            running -= 1

        script.hear = hear
        answers = await asyncio.gather(*(client.post(DIARIZE, **form(tmp_path)) for _ in range(6)))

    codes = sorted(answer.status_code for answer in answers)
    assert most == 1
    assert codes[0] == 200
    assert set(codes) <= {200, 429}
    assert main.GPU.waiting == 0


async def test_an_upload_that_is_too_large_is_refused_by_its_head_and_by_its_bytes(
    server, tmp_path: Path, module
):
    uploads = module("uploads")

    async def read_all(scope, receive, send) -> None:
        while (await receive()).get("more_body"):
            pass

    messages = [{"type": "http.request", "body": b"x" * 60, "more_body": more} for more in (True, False)]
    for head, received in (((b"content-length", b"101"), []), ((b"x", b"y"), messages)):

        async def receive(left=received):
            return left.pop(0)

        with pytest.raises(uploads.TooLarge):
            await uploads.LimitUploads(read_all, 100)({"type": "http", "headers": [head]}, receive, None)

    async with server() as client:
        module("main").app._most = 1000
        answer = await client.post(TRANSCRIBE, **form(tmp_path))
    assert answer.status_code == 413
    assert "MAX_UPLOAD_MB" in answer.json()["error"]["message"]
