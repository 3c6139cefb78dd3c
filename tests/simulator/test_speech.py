"""The speech stand-ins: what they answer follows from the sound that was really sent."""

import io
import json
import math
import struct
import wave

import openai
import pytest
import pytest_asyncio

from tests.simulator.engines import Spark

# One server answers every test here: what it is asked leaves nothing behind.
pytestmark = pytest.mark.asyncio(loop_scope="module")

SECOND = 16_000


def tone(seconds: float) -> list[int]:
    return [int(8000 * math.sin(k / 9)) for k in range(int(seconds * SECOND))]


def silence(seconds: float) -> list[int]:
    return [0] * int(seconds * SECOND)


def wav(samples: list[int]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SECOND)
        sound.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return file.getvalue()


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    return Spark(tmp_path_factory.mktemp("cluster") / "spark-2")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parakeet(spark):
    async with spark.runs("parakeet-server") as running:
        yield await running.ready()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kokoro(spark):
    async with spark.runs("kokoro-server") as running:
        yield await running.ready()


async def hear(server, samples, route="transcriptions", **fields):
    files = {"file": ("a.wav", wav(samples), "audio/x-wav")}
    answer = await server.client.post(f"/v1/audio/{route}", files=files, data=fields)
    assert answer.status_code == 200, answer.text
    return answer


async def test_words_and_duration_follow_the_sound(parakeet):
    samples = tone(4) + silence(4) + tone(2)
    granular = {"timestamp_granularities[]": ["word", "segment"]}
    heard = (await hear(parakeet, samples, response_format="verbose_json", **granular)).json()
    assert heard["duration"] == 10
    assert len(heard["words"]) == 15
    assert not [word for word in heard["words"] if 4 < word["start"] < 8]
    assert heard["text"] == " ".join(word["word"] for word in heard["words"])
    assert heard["segments"][0]["text"].startswith("Good morning")
    again = await hear(parakeet, samples, response_format="verbose_json", **granular)
    assert again.json() == heard


async def test_silence_has_no_text(parakeet):
    assert (await hear(parakeet, silence(3))).json() == {"text": ""}


async def test_granularities_are_read_with_and_without_brackets(parakeet):
    for name in ("timestamp_granularities[]", "timestamp_granularities"):
        fields = {"response_format": "verbose_json", name: "word"}
        heard = (await hear(parakeet, tone(1), **fields)).json()
        assert "words" in heard
        assert "segments" not in heard
    bare = (await hear(parakeet, tone(1), response_format="verbose_json")).json()
    assert "words" not in bare
    assert "segments" in bare


async def test_every_form_of_transcript_is_given(parakeet):
    text = (await hear(parakeet, tone(2), response_format="text")).text
    assert text.startswith("Good morning, this")
    assert (await hear(parakeet, tone(2), response_format="srt")).text.startswith("1\n00:00:00,020")
    assert (await hear(parakeet, tone(2), response_format="vtt")).text.startswith("WEBVTT\n\n00:00")
    assert (await hear(parakeet, tone(2), "translations")).json()["text"] == text.strip()
    lines = (await hear(parakeet, tone(2), stream="true")).text.split("\n\n")
    parts = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    assert "".join(part.get("delta", "") for part in parts) == parts[-1]["text"] == text.strip()


async def test_a_wav_that_came_through_a_pipe_has_its_true_length(parakeet):
    piped = bytearray(wav(tone(2)))
    piped[4:8] = piped[40:44] = b"\xff\xff\xff\xff"
    form = {"response_format": "verbose_json"}
    files = {"file": ("upload", bytes(piped))}
    answer = await parakeet.client.post("/v1/audio/transcriptions", files=files, data=form)
    assert answer.json()["duration"] == 2


async def test_two_speakers_take_turns_and_keep_their_prints(parakeet):
    found = (await hear(parakeet, tone(12), "diarization")).json()
    assert [turn["speaker"][-1] for turn in found["segments"]] == ["0", "1", "0"]
    rttm = (await hear(parakeet, tone(8), "diarization", response_format="rttm")).text
    assert rttm.splitlines()[1] == "SPEAKER a 1 4.000 4.000 <NA> <NA> speaker_1 <NA> <NA>"
    first = (await hear(parakeet, tone(8), "diarize-chunk")).json()["fingerprints"]
    second = (await hear(parakeet, tone(9), "diarize-chunk")).json()["fingerprints"]
    assert {len(vector) for vector in first.values()} == {192}
    assert near(first["speaker_0"], second["speaker_0"]) > 0.6
    assert near(first["speaker_0"], second["speaker_1"]) < 0.3
    one = (await hear(parakeet, tone(2), "speech/embedding")).json()["data"][0]["embedding"]
    assert near(one, first["speaker_0"]) > 0.6


def near(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


async def test_openais_client_is_understood(parakeet, kokoro):
    sdk = {"api_key": "none", "max_retries": 0}
    async with openai.AsyncOpenAI(base_url=f"{kokoro.url}/v1", **sdk) as mouth:
        spoken = await mouth.audio.speech.create(
            model="kokoro", voice="am_adam", input="One. Two.", response_format="wav"
        )
    async with openai.AsyncOpenAI(base_url=f"{parakeet.url}/v1", **sdk) as ears:
        heard = await ears.audio.transcriptions.create(
            model="parakeet",
            file=("x.wav", spoken.content),
            response_format="verbose_json",
            timestamp_granularities=["word"],
        )
    assert heard.words[0].word == "Good"
    assert heard.text


async def test_what_is_no_sound_is_refused(parakeet):
    answer = await parakeet.client.post("/v1/audio/transcriptions", files={"file": b"hello"})
    assert answer.status_code == 400
    answer = await parakeet.client.post("/v1/audio/transcriptions", data={"model": "x"})
    assert answer.status_code == 400
    files = {"other": ("", "x")}
    answer = await parakeet.client.post("/v1/audio/transcriptions", files=files)
    assert answer.status_code == 422


async def test_a_wedge_stays_until_the_process_is_started_again(spark):
    async with spark.runs("parakeet-server") as wedged:
        await wedged.ready()
        spark.fault("wedged-cuda", "parakeet")
        for _ in range(2):
            files = {"file": wav(tone(1))}
            answer = await wedged.client.post("/v1/audio/transcriptions", files=files)
            assert answer.status_code == 500
            assert "CUFFT_INTERNAL_ERROR" in answer.json()["error"]["message"]
        assert (await wedged.client.get("/health")).status_code == 200
        assert await wedged.end() == 0
    async with spark.runs("parakeet-server") as fresh:
        await fresh.ready()
        assert (await hear(fresh, tone(1))).json()["text"]


async def test_kokoro_makes_sound_that_parakeet_hears(kokoro, parakeet):
    ask = {"model": "kokoro", "input": "Hello there. Good bye.", "voice": "af_heart"}
    whole = await kokoro.client.post(
        "/v1/audio/speech", json=ask | {"response_format": "wav", "stream": False}
    )
    with wave.open(io.BytesIO(whole.content)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (24000, 1, 2)
        assert 1 < sound.getnframes() / 24000 < 4
    streamed = await kokoro.client.post("/v1/audio/speech", json=ask | {"response_format": "pcm"})
    assert streamed.headers["transfer-encoding"] == "chunked"
    assert whole.content[44:] == streamed.content
    files = {"file": whole.content}
    answer = await parakeet.client.post("/v1/audio/transcriptions", files=files)
    assert answer.json()["text"].startswith("Good morning,")


async def test_kokoro_lists_its_voices_in_both_forms(kokoro):
    voices = (await kokoro.client.get("/v1/audio/voices")).json()["voices"]
    legacy = (await kokoro.client.get("/v1/audio/voices?legacy=true")).json()["voices"]
    assert [voice["id"] for voice in voices] == legacy
    assert "af_heart" in legacy


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_format": "opus"}, "validation_error"),
        ({"voice": "nobody"}, "validation_error"),
        ({"speed": 9}, "validation_error"),
        ({"input": " "}, "validation_error"),
        ({"model": "gpt"}, "invalid_model"),
    ],
)
async def test_kokoro_refuses_in_its_own_shape(kokoro, change, error):
    ask = {"input": "Hi", "voice": "af_bella(2)+af_sky", "response_format": "wav"}
    assert (await kokoro.client.post("/v1/audio/speech", json=ask)).status_code == 200
    answer = await kokoro.client.post("/v1/audio/speech", json=ask | change)
    assert answer.status_code == 400
    assert answer.json()["detail"]["error"] == error
