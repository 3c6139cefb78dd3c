"""curl, as scripts use it: streams, forms, old HTTP, HEAD and a body that waits to be asked for."""

import json
import subprocess

import pytest

from tests.clients.sounds import recording
from tests.simulator.engines import MODEL

CHAT = {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def curl(home):
    def curl(path: str, *words: str, stdin: bytes = b"") -> bytes:
        command = ["curl", "-sS", "--noproxy", "*", "--max-time", "60", *words, home.url + path]
        return subprocess.run(command, input=stdin, check=True, capture_output=True).stdout

    return curl


def chat(**fields) -> list[str]:
    return ["-H", "content-type: application/json", "-d", json.dumps(CHAT | fields)]


def test_a_stream_is_printed_as_it_comes(curl):
    lines = curl("/v1/chat/completions", "-N", *chat(stream=True)).decode().splitlines()

    assert lines[-2:] == ["data: [DONE]", ""]
    first = json.loads(lines[0].removeprefix("data: "))
    assert first["choices"][0]["delta"]["role"] == "assistant"


def test_a_form_with_a_field_given_twice_arrives_whole(curl, tmp_path):
    (tmp_path / "a b.wav").write_bytes(recording())
    granular = ["-F", "timestamp_granularities[]=word", "-F", "timestamp_granularities[]=segment"]
    form = ["-F", f'file=@"{tmp_path}/a b.wav"', "-F", "model=p", "-F", "response_format=verbose_json"]
    heard = json.loads(curl("/v1/audio/transcriptions", *form, *granular))

    assert heard["words"]
    assert heard["segments"]


def test_http_1_0_gets_a_whole_answer_and_a_stream_without_chunks(curl):
    whole = curl("/v1/chat/completions", "--http1.0", "-i", *chat())
    stream = curl("/v1/chat/completions", "--http1.0", "-i", "-N", *chat(stream=True))

    head, _, body = whole.partition(b"\r\n\r\n")
    assert json.loads(body)["object"] == "chat.completion"
    head, _, body = stream.partition(b"\r\n\r\n")
    assert b"chunked" not in head.lower()
    assert body.startswith(b"data: {")
    assert body.endswith(b"data: [DONE]\n\n")


def test_head_says_what_get_would_without_a_body(curl):
    head = curl("/v1/models", "-I")

    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"\r\ncontent-type: application/json" in head.lower()


@pytest.mark.parametrize("length", ["known", "unknown"])
def test_a_large_body_waits_for_100_continue(curl, length):
    sound = recording(60)
    expect = ["-v", "-H", "expect: 100-continue", "-F", "model=p", "-F", "response_format=text"]
    chunked = ["-H", "transfer-encoding: chunked"] if length == "unknown" else []
    form = ["-F", "file=@-;filename=long.wav", *expect, *chunked, "--stderr", "-"]
    said = curl("/v1/audio/transcriptions", *form, stdin=sound)

    assert said.count(b"< HTTP/1.1 100 Continue") == 1
    assert said.count(b"< HTTP/1.1 200 OK") == 1
    assert b"Good morning" in said


def test_a_refusal_is_json_in_openais_shape(curl):
    said = json.loads(curl("/v1/chat/completions", *chat(model="nobody/knows")))

    assert set(said["error"]) == {"message", "type", "code", "param"}
