"""What the audio routes refuse, and what they do when the speech service fails or the client leaves."""

import http.client
import time
from urllib.parse import urlsplit

import pytest

from tests.audio.conftest import CHUNK_SECONDS, UPLOAD_LIMIT
from tests.audio.fake_speech import recording, wav

CUDA = (500, b'{"error": {"message": "CUDA error: an illegal memory access was encountered"}}')


def diarize(house, sound):
    return house.http.post("/api/audio/diarize-chunk", files={"file": ("chunk.wav", sound)})


def error(answer):
    return answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["param"]


def test_a_chunk_has_segments_and_voiceprints_that_clustering_takes(house):
    house.speech.said = [("Hello", "ada", 1.0, 1.4), ("Hi!", "bob", 3.0, 3.4)]
    told = diarize(house, wav(recording(6))).raise_for_status().json()
    assert told["segments"][0] == {"start_s": 1.0, "end_s": 1.4, "speaker": "speaker_0", "confidence": 0.9}
    assert (told["duration"], told["speakers_detected"]) == (6.0, 2)
    assert [len(each) for each in told["fingerprints"].values()] == [192, 192]
    chunks = [{"chunk": name, **told} for name in ("first", "second")]
    found = house.http.post("/api/audio/cluster-speakers", json={"chunks": chunks}).raise_for_status().json()
    assert found["speakers_detected"] == 2
    assert found["speakers"][3] == {"chunk": "second", "speaker": "speaker_1", "global_speaker": "speaker_1"}


def test_a_chunk_that_is_too_long_is_refused_with_the_limit(house):
    answer = diarize(house, wav(recording(CHUNK_SECONDS + 2)))
    assert error(answer) == (413, "audio_too_long", "file")
    assert f"{CHUNK_SECONDS:.0f} seconds" in answer.json()["error"]["message"]
    assert house.speech.asked == []


def test_a_piped_file_is_as_long_as_what_is_there(house):
    assert diarize(house, wav(recording(3), size=0xFFFFFFFF)).json()["duration"] == 3.0


def test_an_upload_beyond_the_limit_is_refused_before_it_was_read(house):
    answer = house.transcribe(b"\0" * (UPLOAD_LIMIT + 1000))
    assert error(answer)[:2] == (413, "body_too_large")


@pytest.mark.parametrize("sound", [b"", b"no sound at all", b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n"])
def test_what_is_no_sound_is_said_to_be_none(house, sound):
    assert error(house.transcribe(sound)) == (415, "unreadable_audio", "file")


@pytest.mark.parametrize(
    ("field", "value"),
    [("response_format", "rttm"), ("channels", "5.1"), ("speakers", "many"), ("speakers", "0")],
)
def test_a_field_that_cannot_be_followed_is_named(house, field, value):
    assert error(house.transcribe(wav(recording(1)), **{field: value})) == (400, "bad_request", field)


def test_a_form_without_a_file_is_refused(house):
    answer = house.http.post("/api/audio/transcribe-with-speakers", files={"words": (None, "true")})
    assert error(answer) == (400, "bad_request", "file")


def test_a_body_that_is_no_form_is_refused(house):
    answer = house.http.post("/api/audio/diarize-chunk", content=wav(recording(1)))
    assert error(answer) == (415, "bad_form", "file")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"chunks": [{"chunk": 1, "fingerprints": {"a": [1, 2], "b": [1]}}]}, "chunks"),
        ({"chunks": [{"chunk": 1, "fingerprints": {"a": [0, 0]}}]}, "chunks"),
        ({"chunks": [], "similarity": 7}, "similarity"),
        ({"chunks": [], "speakers": 0}, "speakers"),
    ],
)
def test_prints_that_do_not_fit_are_refused(house, body, param):
    answer = house.http.post("/api/audio/cluster-speakers", json=body)
    assert error(answer) == (422, "unfit_value", param)


def test_a_dead_gpu_is_checked_at_once_and_the_client_told_to_come_back(house):
    house.speech.trouble["/v1/audio/transcriptions"] = CUDA
    answer = house.transcribe(wav(recording(3)))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    deadline = time.monotonic() + 10
    while not house.prefect.created:
        assert time.monotonic() < deadline, "no check was asked for"
        time.sleep(0.02)
    house.speech.reset()
    assert house.transcribe(wav(recording(3))).status_code == 200


@pytest.mark.parametrize("stream", ["false", "true"])
def test_a_client_that_leaves_gives_its_turns_back_at_once(house, stream):
    house.speech.hold.clear()
    _leave_in_the_middle(house, wav(recording(3)), stream)
    house.speech.hold = type(house.speech.hold)()
    house.speech.hold.set()
    assert house.transcribe(wav(recording(3))).status_code == 200


def _leave_in_the_middle(house, sound, stream):
    """Both turns of the service are taken when the client goes."""
    while house.speech.arrived.acquire(blocking=False):
        pass
    connection = http.client.HTTPConnection(urlsplit(str(house.http.base_url)).netloc)
    head = b'--b\r\nContent-Disposition: form-data; name="stream"\r\n\r\n%b\r\n' % stream.encode()
    head += b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    kind = {"content-type": "multipart/form-data; boundary=b"}
    connection.request("POST", "/api/audio/transcribe-with-speakers", head + sound + b"\r\n--b--\r\n", kind)
    for _request in ("words", "speakers"):
        assert house.speech.arrived.acquire(timeout=30)
    connection.close()
