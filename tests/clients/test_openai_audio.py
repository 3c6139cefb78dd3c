"""OpenAI's Python client, as it is: what is said is written down, and what is written is said."""

import io
import wave

import openai
import pytest

from tests.clients.sounds import recording


@pytest.fixture
def client(home):
    with openai.OpenAI(base_url=home.v1, api_key="none", max_retries=0) as client:
        yield client


def test_a_recording_becomes_text_with_the_times_of_its_words(client):
    heard = client.audio.transcriptions.create(
        model="nvidia/parakeet-tdt-0.6b-v3",
        file=("müller.wav", recording()),
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
        language="en",
    )

    assert heard.text.startswith("Good morning")
    assert " ".join(word.word for word in heard.words) == heard.text
    assert heard.words[0].start < heard.words[0].end <= heard.duration == 3
    assert heard.segments


@pytest.mark.parametrize(("form", "has"), [("text", "Good"), ("srt", "00:00:0"), ("vtt", "WEBVTT")])
def test_a_recording_becomes_text_in_every_form(client, form, has):
    heard = client.audio.transcriptions.create(model="p", file=("a.wav", recording()), response_format=form)

    assert has in heard


def test_a_transcription_is_streamed(client):
    stream = client.audio.transcriptions.create(model="p", file=("a.wav", recording()), stream=True)
    events = list(stream)

    assert "".join(event.delta for event in events[:-1]) == events[-1].text


def test_a_recording_is_translated(client):
    # OpenAI itself gives the route up; others go on with it.
    with pytest.warns(DeprecationWarning, match="deprecated"):
        told = client.audio.translations.create(model="p", file=("a.wav", recording()))

    assert told.text.startswith("Good morning")


def test_speech_is_written_to_a_file(client, tmp_path):
    speech = client.audio.speech.create(
        model="kokoro", voice="af_heart", input="Hello there. And again.", response_format="wav"
    )
    speech.write_to_file(tmp_path / "hello.wav")

    with wave.open(io.BytesIO((tmp_path / "hello.wav").read_bytes())) as sound:
        assert sound.getframerate() == 24_000


def test_speech_is_streamed(client):
    ask = {
        "model": "kokoro",
        "voice": "af_heart",
        "input": "Hello there. And again.",
        "response_format": "pcm",
    }
    whole = client.audio.speech.create(**ask).content
    with client.audio.speech.with_streaming_response.create(**ask) as answer:
        pieces = list(answer.iter_bytes(4096))

    assert len(pieces) > 1
    assert b"".join(pieces) == whole


def test_a_recording_that_is_none_is_a_bad_request(client):
    with pytest.raises(openai.BadRequestError, match="Invalid file format"):
        client.audio.transcriptions.create(model="p", file=("a.wav", b"none"))
