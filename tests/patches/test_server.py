"""The speech container's server: its health and its answers."""

import json
import math
from pathlib import Path

import pytest
from openai import AsyncOpenAI

from blocks.patches import patch_digest, sha256
from tasks.overlay import overlay
from tests.patches.conftest import form, tone
from tests.patches.nemo_world import Script

TRANSCRIBE = "/v1/audio/transcriptions"
DIARIZE = "/v1/audio/diarize"
CHUNK = "/v1/audio/diarize-chunk"


async def test_health_tells_what_is_loaded_and_which_patch_runs(server, script: Script):
    async with server() as client:
        answer = await client.get("/health")

    said = answer.json()
    assert (answer.status_code, said["status"], said["model_loaded"]) == (200, "ok", True)
    assert said["models"]["transcription"] == "nvidia/parakeet-tdt-0.6b-v3"
    assert said["memory"] == {"reserved_gib": 5.0, "cap_gib": 16.0}
    assert said["limits"]["diarize_seconds"] == 3600
    assert said["patch"] == patch_digest({name: sha256(text) for name, text in overlay().items()})
    assert ("cap", 0.125) in script.calls
    assert ("graphs", False) in script.calls, "with cuda-python, decoding in CUDA graphs kills the context"


def test_the_server_names_every_file_of_the_patch(module):
    assert set(module("main").FILES) == set(overlay())


async def test_verbose_json_has_words_and_segments_as_asked(server, tmp_path: Path):
    async with server() as client:
        data = {"response_format": "verbose_json", "timestamp_granularities[]": ["word", "segment"]}
        answer = await client.post(TRANSCRIBE, **form(tmp_path, **data))
        without = await client.post(TRANSCRIBE, **form(tmp_path, response_format="verbose_json"))

    said = answer.json()
    assert said["words"] == [{"word": "Hello", "start": 0.08, "end": 0.4}]
    assert (said["segments"][0]["text"], said["segments"][0]["end"]) == ("Hello there.", 0.9)
    assert (said["duration"], said["usage"]) == (4.0, {"type": "duration", "seconds": 4})
    assert "words" not in without.json()


@pytest.mark.parametrize(
    ("wanted", "body"),
    [
        ("json", '{"text":"Hello there. Good morning."}'),
        ("text", "Hello there. Good morning.\n"),
        ("srt", "1\n00:00:00,080 --> 00:00:00,900\nHello there.\n"),
        ("vtt", "WEBVTT\n\n00:00:00.080 --> 00:00:00.900\nHello there.\n"),
    ],
)
async def test_the_other_forms(server, tmp_path: Path, wanted: str, body: str):
    async with server() as client:
        answer = await client.post(TRANSCRIBE, **form(tmp_path, response_format=wanted))

    assert answer.text == body


async def test_a_stream_ends_with_the_whole_text_once(server, tmp_path: Path):
    async with server() as client:
        answer = await client.post(TRANSCRIBE, **form(tmp_path, stream="true"))

    events = [line[6:] for line in answer.text.splitlines() if line]
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [json.loads(event)["type"] for event in events[:-1]] == [
        "transcript.text.delta",
        "transcript.text.done",
    ]
    assert events[-1] == "[DONE]"


async def test_a_long_recording_is_heard_with_local_attention_and_the_next_with_full(
    server, script: Script, tmp_path: Path, module
):
    module("speech_models").LONG_SECONDS = 3.0
    async with server() as client:
        await client.post(TRANSCRIBE, **form(tmp_path, 4))
        await client.post(TRANSCRIBE, **form(tmp_path, 4))
        await client.post(TRANSCRIBE, **form(tmp_path, 1))

    changes = [call[1:] for call in script.calls if call[0] == "attention"]
    assert changes == [("rel_pos_local_attn", [256, 256]), ("rel_pos", [-1, -1])]


async def test_a_chunk_has_segments_with_confidence_and_a_print_of_each_speaker(server, tmp_path: Path):
    async with server() as client:
        said = (await client.post(CHUNK, **form(tmp_path))).json()

    assert said["segments"] == [
        {"start": 0.0, "end": 2.0, "speaker": "speaker_0", "confidence": 0.9},
        {"start": 1.6, "end": 4.0, "speaker": "speaker_1", "confidence": 0.683},
    ]
    assert (said["duration"], said["num_speakers"], said["speaker_limit"]) == (4.0, 2, 4)
    assert said["fingerprint_seconds"] == {"speaker_0": 1.6, "speaker_1": 2.0}
    for vector in said["fingerprints"].values():
        assert len(vector) == 192
        assert math.isclose(sum(value * value for value in vector), 1.0, abs_tol=1e-3)


async def test_diarize_alone_needs_no_voice_prints(server, script: Script, tmp_path: Path):
    async with server() as client:
        said = (await client.post(DIARIZE, **form(tmp_path))).json()

    assert "fingerprints" not in said
    assert not [call for call in script.calls if call[0] == "embed"]


async def test_silence_is_an_empty_answer_and_no_error(server, script: Script, tmp_path: Path):
    script.lines, script.frames, script.text, script.words = [], [[0.0, 0.0]], "", []
    async with server() as client:
        said = (await client.post(CHUNK, **form(tmp_path))).json()
        heard = await client.post(TRANSCRIBE, **form(tmp_path))

    assert (said["segments"], said["fingerprints"], said["num_speakers"]) == ([], {}, 0)
    assert (heard.status_code, heard.json()) == (200, {"text": ""})


async def test_openais_own_client_reads_words_subtitles_and_streams(server, tmp_path: Path):
    sent = ("a.wav", tone(tmp_path, 2))
    async with server() as client:
        openai = AsyncOpenAI(base_url="http://speech/v1", api_key="none", http_client=client)
        create = openai.audio.transcriptions.create
        told = await create(
            file=sent,
            model="parakeet",
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
        )
        subtitles = await create(file=sent, model="parakeet", response_format="srt")
        stream = await create(file=sent, model="parakeet", stream=True)
        kinds = [event.type async for event in stream]

    assert (told.words[0].word, told.segments[0].text, told.duration) == ("Hello", "Hello there.", 2.0)
    assert subtitles.startswith("1\n00:00:00,080 --> ")
    assert kinds == ["transcript.text.delta", "transcript.text.done"]
