"""The stand-in for Magpie's NIM: forms in, sound out, and the real one's refusals."""

import io
import wave

import pytest
import pytest_asyncio

from tests.simulator.engines import Spark

# One server answers every test here: what it is asked leaves nothing behind.
pytestmark = pytest.mark.asyncio(loop_scope="module")

ARIA = "Magpie-Multilingual.EN-US.Aria"
FORM = {"text": "Hello there. And again.", "language": "en-US", "voice": ARIA, "encoding": "LINEAR_PCM"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def magpie(tmp_path_factory):
    spark = Spark(tmp_path_factory.mktemp("cluster") / "spark-2")
    async with spark.runs("magpie-server") as running:
        yield await running.ready()


async def ask(magpie, path="synthesize", **fields):
    parts = {name: (None, value) for name, value in (FORM | fields).items()}
    return await magpie.client.post(f"/v1/audio/{path}", files=parts)


async def test_a_form_becomes_a_whole_wav_file_at_the_rate_that_was_asked_for(magpie):
    answer = await ask(magpie, sample_rate_hz="16000")
    assert answer.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
        assert len(sound.readframes(sound.getnframes())) == len(answer.content) - 44


async def test_online_streams_the_same_samples_without_a_head(magpie):
    whole = await ask(magpie)
    stream = await ask(magpie, "synthesize_online")
    assert "content-length" not in stream.headers
    assert stream.content == whole.content[44:]


async def test_a_calm_voice_takes_longer(magpie):
    calm = await ask(magpie, voice=f"{ARIA}.Calm")
    assert len(calm.content) > 1.2 * len((await ask(magpie)).content)


async def test_json_is_taken_for_no_text(magpie):
    answer = await magpie.client.post("/v1/audio/synthesize", json=FORM)
    assert answer.status_code == 400
    assert "Bad Request, empty text input" in answer.text


@pytest.mark.parametrize(
    "field",
    [
        {"text": "a" * 2001},
        {"language": "xx-XX"},
        {"voice": "alloy"},
        {"encoding": "OPUS"},
        {"sample_rate_hz": "1"},
    ],
    ids=str,
)
async def test_what_it_cannot_do_is_refused(magpie, field):
    assert (await ask(magpie, **field)).status_code == 400


async def test_voices_stand_under_one_key_of_all_locales(magpie):
    found = (await magpie.client.get("/v1/audio/list_voices")).json()
    ((locales, group),) = found.items()
    assert locales.startswith("en-US,es-US,")
    assert ARIA in group["voices"]
    assert (await magpie.client.get("/v1/health/ready")).json() == {"status": "ready"}
