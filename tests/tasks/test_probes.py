"""What each probe asks, and what it makes of the replies of services that are well, dead or odd."""

import contextlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.probes.hearing import hearing, is_understood, sample
from tasks.probes.kinds import probe_of
from tasks.probes.language import language
from tasks.probes.probe import Busy, Failing, NoWork, Outcome, Reply
from tasks.probes.search import search
from tasks.probes.vectors import vectors
from tests.tasks.talk import MISSING, MODELS, outcome, reply, service, talk

WEDGED = Reply(500, b'{"detail": "cuFFT error: CUFFT_INTERNAL_ERROR"}')
KINDS = ("vllm", "stt", "tts", "embeddings", "qdrant", "http")


def test_a_model_says_one_token():
    said, asked = talk(language(), MODELS, reply({"choices": [{"message": {"content": "Hi"}}]}))

    assert said == "alpha answers"
    assert asked[1].path == "/v1/chat/completions"
    assert (asked[1].json["model"], asked[1].json["max_tokens"]) == ("alpha", 1)


def test_a_model_without_a_chat_template_or_for_embeddings_is_asked_otherwise():
    said, asked = talk(language(), MODELS, reply({}, 400), MISSING, reply({"data": [{"embedding": [1]}]}))

    assert said == "alpha answers"
    assert [ask.path for ask in asked[2:]] == ["/v1/completions", "/v1/embeddings"]


def test_no_model_loaded_is_no_failure():
    assert isinstance(outcome(language(), reply({"data": []})), NoWork)
    assert isinstance(outcome(language(), MODELS, MISSING, MISSING, MISSING), NoWork)


@pytest.mark.parametrize("kind", KINDS)
def test_the_words_of_a_dead_context_are_a_wedge_whatever_the_service(kind: str):
    probe = probe_of(service(kind))
    told = outcome(probe, *[WEDGED] * 4)

    assert isinstance(told, Failing)
    assert told.wedged
    assert "cuFFT error" in str(told)


@pytest.mark.parametrize(
    ("status", "kind", "curable"), [(401, Failing, False), (429, Busy, True), (500, Failing, True)]
)
def test_a_restart_is_no_cure_for_a_key_that_is_refused(status: int, kind: type, curable: bool):
    told = outcome(language(), Reply(status, b"{}"))

    assert isinstance(told, kind)
    assert (told.curable, told.wedged) == (curable, False)


@pytest.mark.parametrize(
    ("heard", "understood"),
    [
        ("Good morning. This is a test.", True),
        ("good morning this is a", True),
        ("Good morning, his is attest", True),
        ("", False),
        ("the the the the", False),
        ("Guten Tag", False),
    ],
)
def test_half_of_the_words_are_enough(heard: str, understood: bool):
    assert is_understood(heard) == understood


def test_speech_that_is_written_down_is_well():
    said, asked = talk(hearing(), MODELS, reply({"text": "Good morning. This is a test."}))

    assert said == "it heard 'Good morning. This is a test.'"
    assert asked[1].form["model"] == "alpha"
    assert asked[1].file == ("good_morning.wav", sample())


def test_one_empty_transcript_is_asked_for_again_and_two_are_a_failure():
    said, _ = talk(hearing(), MISSING, reply({"text": ""}), reply({"text": "good morning this"}))
    told = outcome(hearing(), MISSING, reply({"text": ""}), reply({"text": ""}))

    assert "good morning" in said
    assert isinstance(told, Failing)
    assert told.curable


def test_a_recogniser_that_wants_a_language_gets_one():
    _, asked = talk(hearing(), MISSING, reply({}, 400), reply({"text": "good morning this"}))

    assert asked[2].form == {"language": "en-US", "response_format": "json"}


def vectors_reply(*found: list[Any]) -> Reply:
    return reply({"data": [{"embedding": vector} for vector in found]})


BGE = reply({"data": [{"id": "BAAI/bge-m3"}]})


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([[0.1] * 1024, [0.2] * 1023], "1023, 1024 numbers"),
        ([[0.1] * 512, [0.2] * 512], "512 numbers in place of 1024"),
        ([[0.0] * 1024, [0.2] * 1024], "all zero"),
        ([[0.1] * 1024, [0.1] * 1024], "same vector"),
        ([[math.nan] * 1024, [0.1] * 1024], "no number"),
        ([[None] * 1024, [0.1] * 1024], "no number"),
        ([[0.1] * 1024], "1 vectors for 2 texts"),
    ],
)
def test_vectors_that_cannot_be_used_are_a_failure(found, why: str):
    assert why in str(outcome(vectors(), BGE, vectors_reply(*found)))


def test_two_different_vectors_of_the_right_size_are_well():
    good = [0.1] * 1024, [0.2] * 1024

    assert talk(vectors(), BGE, vectors_reply(*good))[0] == "it gives vectors of 1024 numbers"
    assert talk(vectors(), MISSING, MISSING, reply(list(good)))[1][2].path == "/embed"


def test_a_search_uses_the_collections_own_vectors():
    shown = {"result": {"config": {"params": {"vectors": {"dense": {"size": 4, "distance": "Cosine"}}}}}}
    found = reply({"result": {"points": []}})
    names = reply({"result": {"collections": [{"name": "a/../b"}]}})
    said, asked = talk(search(), Reply(200), names, reply(shown), found)

    assert said == "it searched the collection a/../b"
    assert asked[3].path == "/collections/a%2F..%2Fb/points/query"
    assert asked[3].json == {"query": [0.1] * 4, "limit": 1, "using": "dense"}


def test_without_collections_there_is_nothing_to_search():
    assert "no collections" in talk(search(), Reply(200), reply({"result": {"collections": []}}))[0]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["data", "id", "voices", "text", "result", "name", "config"]), inner
        )
    ),
)
REPLIES = st.builds(reply, JSON, st.sampled_from([200, 200, 200, 400, 404, 500])) | st.builds(
    Reply,
    st.sampled_from([200, 500]),
    st.binary(max_size=60),
    st.sampled_from(["audio/pcm", "audio/wav", ""]),
)


@given(
    st.sampled_from(KINDS), st.sampled_from(["openai", "magpie"]), st.lists(REPLIES, min_size=6, max_size=6)
)
def test_whatever_a_service_replies_is_judged(kind: str, dialect: str, replies):
    with contextlib.suppress(Outcome):
        assert talk(probe_of(service(kind, dialect=dialect)), *replies)[0]
