"""Magpie's dialect: what OpenAI's JSON becomes, what is refused, and what the list of voices looks like."""

import io
import json
import wave

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multipart import MultipartParser, parse_options_header

from gateway.magpie import LIMIT, multipart, speakable, split, spoken_length, to_synthesize, voices, wav_head
from gateway.problem import Problem

ARIA = "Magpie-Multilingual.EN-US.Aria"
TEXTS = st.text(st.characters(codec="utf-8"))


def ask(default_voice: str = "", **fields):
    body = {"model": "tts-1", "input": "Hello there.", "voice": ARIA} | fields
    return to_synthesize(json.dumps(body).encode(), default_voice)


def fields_of(part) -> dict[str, str]:
    """A request's form, as another program's parser reads it."""
    return parsed(part.content_type, part.body)


def parsed(content_type: str, body: bytes) -> dict[str, str]:
    kind, options = parse_options_header(content_type)
    assert kind == "multipart/form-data"
    parts = list(MultipartParser(io.BytesIO(body), options["boundary"], charset="utf-8"))
    assert not any(part.filename for part in parts)
    return {part.name: part.value for part in parts}


def refusal(**fields) -> Problem:
    with pytest.raises(Problem) as caught:
        ask(**fields)
    assert caught.value.status == 400
    return caught.value


def test_a_request_becomes_a_form_with_the_language_of_its_voice():
    speech = ask(voice="Magpie-Multilingual.DE-DE.Leo.Calm", response_format="wav", speed=1)

    (part,) = speech.parts
    assert part.path == "/v1/audio/synthesize"
    assert fields_of(part) == {
        "text": "Hello there.",
        "language": "de-DE",
        "voice": "Magpie-Multilingual.DE-DE.Leo.Calm",
        "sample_rate_hz": "22050",
        "encoding": "LINEAR_PCM",
    }
    assert (speech.head, speech.content_type) == (b"", "audio/wav")


def test_pcm_is_streamed_at_the_rate_that_clients_expect():
    speech = ask(response_format="pcm")

    assert speech.parts[0].path == "/v1/audio/synthesize_online"
    assert fields_of(speech.parts[0])["sample_rate_hz"] == "24000"
    assert (speech.head, speech.content_type) == (b"", "audio/pcm")


def test_what_is_left_open_or_null_is_wav():
    assert ask(response_format=None, speed=None, stream_format=None).content_type == "audio/wav"
    assert ask().content_type == "audio/wav"


def test_a_long_text_is_spoken_in_parts_under_one_wav_head():
    speech = ask(input="One sentence of many. " * 400)

    texts = [fields_of(part)["text"] for part in speech.parts]
    assert {part.path for part in speech.parts} == {"/v1/audio/synthesize_online"}
    assert " ".join(texts) == ("One sentence of many. " * 400).strip()
    assert all(text.endswith("many.") for text in texts)
    assert max(map(len, texts)) <= LIMIT
    with wave.open(io.BytesIO(speech.head + bytes(44_100))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (22050, 1, 2)


def test_a_voice_of_another_service_is_the_default_voice_if_there_is_one():
    speech = ask(voice="alloy", default_voice="Magpie-Multilingual.FR-FR.Louise")

    assert fields_of(speech.parts[0])["language"] == "fr-FR"
    assert fields_of(ask(voice=ARIA, default_voice="other").parts[0])["voice"] == ARIA


def test_a_default_voice_without_a_locale_speaks_the_language_that_is_asked_for():
    assert fields_of(ask(voice="x", default_voice="custom", language="it-IT").parts[0])["language"] == "it-IT"
    assert fields_of(ask(voice="x", default_voice="custom").parts[0])["language"] == "en-US"


@pytest.mark.parametrize(
    ("fields", "param", "says"),
    [
        ({"response_format": "mp3"}, "response_format", "wav or pcm, not 'mp3'"),
        ({"response_format": "opus"}, "response_format", "wav or pcm, not 'opus'"),
        ({"speed": 1.5}, "speed", "speed 1 only"),
        ({"speed": 0}, "speed", "speed 1 only"),
        ({"stream_format": "sse"}, "stream_format", "'audio', not 'sse'"),
        ({"voice": "alloy"}, "voice", "'alloy' is not one of Magpie's voices"),
        ({"voice": None}, "voice", "'voice' is missing"),
        ({"input": " {*} <b></b>\n"}, "input", "no text to speak"),
        ({"input": "a" * 100_001}, "input", "100001 characters"),
        ({"input": 3}, None, "cannot be read"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_magpie_cannot_do_is_refused_by_name(fields, param, says):
    problem = refusal(**fields)

    assert problem.param == param
    assert says in str(problem)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"voice":"x"}', b"\xff", b'{"a":' + b"[" * 99_999])
def test_a_body_that_is_no_request_for_speech_is_a_plain_400(body):
    with pytest.raises(Problem) as caught:
        to_synthesize(body)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("**Note**: it is *done*.", "Note: it is done."),
        ("<speak>Hello <break time='1s'/>you</speak>", "Hello you"),
        ("one<br>two 2*3 {@AH}", "one two 2 3 @AH"),
        ("3 < 4 and <3", "3 < 4 and <3"),
        ("- a\n-  b\t\n", "- a\n- b"),
    ],
)
def test_marks_of_writing_are_not_spoken(written, spoken):
    assert speakable(written) == spoken


@given(st.dictionaries(st.sampled_from(["text", "voice", "language"]), TEXTS))
def test_any_value_survives_the_form(fields):
    assert parsed(*multipart(fields)) == fields


@given(st.integers(0, 12), TEXTS)
def test_no_value_can_end_the_form(count, text):
    value = text + "\r\n".join(f"--spark-control-{number}--" for number in range(count))

    assert parsed(*multipart({"text": value, "voice": "v"})) == {"text": value, "voice": "v"}


@given(
    st.lists(st.sampled_from(["a", "word ", "7" * 30, "Ende. ", "\n", "終。", "€", " " * 40, "x" * 99])),
    st.integers(12, 90),
)
def test_pieces_fit_and_nothing_is_lost(words, limit):
    text = "".join(words)
    pieces = split(text, limit)

    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(0 < spoken_length(piece) <= limit for piece in pieces)


def test_a_text_is_cut_between_sentences_before_it_is_cut_between_words():
    assert split("Short one. A second one that is longer.", 35) == [
        "Short one.",
        "A second one that is longer.",
    ]
    assert split("no stop in here at all", 12) == ["no stop in", "here at all"]
    assert split("Pi is 3.14 or so.", 60) == ["Pi is 3.14 or so."]


def test_voices_get_ids_names_and_languages():
    listed = {"en-US,de-DE": {"voices": [ARIA, f"{ARIA}.Calm", "Magpie-Multilingual.DE-DE.Leo", "custom"]}}

    assert msgspec.json.decode(voices(json.dumps(listed).encode())) == {
        "voices": [
            {"id": ARIA, "name": "Aria", "language": "en-US"},
            {"id": f"{ARIA}.Calm", "name": "Aria Calm", "language": "en-US"},
            {"id": "Magpie-Multilingual.DE-DE.Leo", "name": "Leo", "language": "de-DE"},
            {"id": "custom", "name": "custom", "language": ""},
        ]
    }


@pytest.mark.parametrize("body", [b"", b"[]", b'{"en-US": []}', b"\xff"])
def test_a_list_of_voices_that_cannot_be_read_is_the_upstreams_fault(body):
    with pytest.raises(Problem) as caught:
        voices(body)
    assert caught.value.status == 502


def test_a_wav_head_is_44_bytes():
    assert len(wav_head(22050)) == 44
