"""OpenAI's Python client, as it is, before a Magpie NIM that understands none of it."""

import io
import wave

import httpx
import openai
import pytest
import pytest_asyncio

from tests.clients.house import gateway
from tests.simulator.engines import Spark

ARIA = "Magpie-Multilingual.EN-US.Aria"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def url(tmp_path_factory):
    """A gateway whose one voice is Magpie's."""
    folder = tmp_path_factory.mktemp("magpie")
    async with Spark(folder / "spark-1").runs("magpie-server") as magpie:
        await magpie.ready()
        service = {"name": "magpie", "kind": "tts", "dialect": "magpie", "port": magpie.port}
        service["health_path"] = "/v1/health/ready"
        async with gateway(folder, [service]) as (url, _, _):
            yield url


@pytest.fixture
def say(url):
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:

        def say(**fields) -> bytes:
            ask = {"model": "tts-1", "voice": ARIA, "input": "Hello *there*.", "response_format": "wav"}
            return client.audio.speech.create(**(ask | fields)).content

        yield say


def test_speech_is_a_wav_file(say):
    with wave.open(io.BytesIO(say())) as sound:
        assert sound.getframerate() == 22_050
        assert sound.getnframes() > 1000


def test_pcm_has_no_head_and_the_rate_that_the_client_plays(say):
    seconds = len(say(response_format="pcm")) / 2 / 24_000

    assert seconds == pytest.approx((len(say()) - 44) / 2 / 22_050, abs=0.01)


@pytest.mark.parametrize("form", ["wav", "pcm"])
def test_a_text_longer_than_magpie_takes_is_spoken_to_its_end(say, form):
    sentence = "A sentence of ten words that is said again now. "
    once, often = say(input=sentence, response_format="pcm"), say(input=sentence * 60, response_format=form)

    rate = 22_050 if form == "wav" else 24_000
    assert (len(often) - 44) / rate == pytest.approx(60 * len(once) / 24_000, rel=0.01)
    assert often.count(b"RIFF") == (form == "wav")


@pytest.mark.parametrize(
    ("fields", "param"),
    [({"response_format": "mp3"}, "response_format"), ({"speed": 2}, "speed"), ({"voice": "alloy"}, "voice")],
    ids=str,
)
def test_what_magpie_cannot_do_is_a_bad_request_that_names_the_field(say, fields, param):
    with pytest.raises(openai.BadRequestError) as caught:
        say(**fields)
    assert caught.value.param == param


def test_a_voice_that_magpie_does_not_have_is_refused_in_its_own_words(say):
    with pytest.raises(openai.BadRequestError) as caught:
        say(voice="Magpie-Multilingual.EN-US.Nobody")
    assert "is not available" in caught.value.response.text


def test_voices_are_listed_as_kokoros_are(url):
    listed = httpx.get(f"{url}/v1/audio/voices").raise_for_status().json()["voices"]

    assert {"id": ARIA, "name": "Aria", "language": "en-US"} in listed
