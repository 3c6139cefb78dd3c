"""Redaction over HTTP: the gateway, its workers and its map, and an outside model that says all it saw."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from blocks.ledger.migrate import migrate
from gateway.options import Options
from gateway.redaction.options import RedactionOptions
from tests.gateway.conftest import Running

SECRETS = ("Ylva Ceesay", "ylva.ceesay@example.org", "+49 30 5550100", "DE89 3704 0044 0532 0130 00")
TEXT = (
    "Tell Ylva Ceesay (ylva.ceesay@example.org, +49 30 5550100) that DE89 3704 0044 0532 0130 00 was charged."
)


class Outside(http.server.BaseHTTPRequestHandler):
    """Answers with the last user's words, whole or three characters at a time, and keeps what it saw."""

    protocol_version = "HTTP/1.1"
    saw: ClassVar[list[str]] = []

    def log_message(self, *_: Any) -> None: ...

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"])).decode()
        self.saw.append(raw + str(self.headers))
        body = json.loads(raw)
        words = [one["content"] for one in body["messages"] if one["role"] == "user"][-1]
        if not body.get("stream"):
            call = {
                "id": "c",
                "type": "function",
                "function": {"name": "f", "arguments": json.dumps({"to": words})},
            }
            message = {"role": "assistant", "content": words, "tool_calls": [call]}
            self._send(
                json.dumps({"choices": [{"index": 0, "message": message}]}).encode(), "application/json"
            )
            return
        deltas = [{"content": words[at : at + 3]} for at in range(0, len(words), 3)]
        events = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
        events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        told = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
        self._send(told.encode(), "text/event-stream")

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("redaction")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    ledger = f"sqlite:///{folder}/ledger.db"
    migrate(ledger)
    outside = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Outside)
    threading.Thread(target=outside.serve_forever, daemon=True).start()
    redaction = RedactionOptions(
        map_db=folder / "map" / "map.db",
        key_file=folder / "keys" / "key",
        processes=1,
        outside_url=f"http://127.0.0.1:{outside.server_port}/v1",
    )
    nowhere = "http://127.0.0.1:9/api"
    options = Options(
        prefect_url=nowhere,
        ledger_url=ledger,
        access_log=str(folder / "access.log"),
        drain_seconds=1,
        redaction=redaction,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_API_URL", nowhere)
        gateway = Running(options)
        gateway.start()
        with httpx.Client(base_url=gateway.url, timeout=60) as client:
            yield client
        gateway.stop()
    outside.shutdown()
    outside.server_close()


def test_a_text_goes_out_without_its_secrets_and_comes_back_whole(client: httpx.Client) -> None:
    told = client.post("/scrub", json={"text": TEXT}).json()
    assert not [secret for secret in SECRETS if secret in json.dumps(told, ensure_ascii=False)]
    assert told["counts"] == {"PERSON": 1, "EMAIL": 1, "PHONE": 1, "IBAN": 1}
    back = client.post("/rehydrate", json={"text": told["text"], "task_id": told["task_id"]}).json()
    assert back == {"text": TEXT, "restored": 4, "unknown": []}


def test_a_task_goes_on_over_several_texts(client: httpx.Client) -> None:
    first = client.post("/scrub", json={"texts": ["Dear Ylva Ceesay,", "Ylva Ceesay paid."]}).json()
    again = client.post("/scrub", json={"text": "Ylva Ceesay left.", "task_id": first["task_id"]}).json()
    assert first["texts"] == ["Dear [PERSON_1],", "[PERSON_1] paid."]
    assert again["text"] == "[PERSON_1] left."


def test_messages_with_tool_calls_are_scrubbed(client: httpx.Client) -> None:
    call = {"function": {"name": "send", "arguments": json.dumps({"to": "ylva.ceesay@example.org"})}}
    messages = [
        {"role": "user", "content": [{"type": "text", "text": TEXT}]},
        {"role": "assistant", "tool_calls": [call]},
    ]
    told = client.post("/scrub", json={"messages": messages}).json()
    assert not [secret for secret in SECRETS if secret in json.dumps(told, ensure_ascii=False)]
    back = client.post("/rehydrate", json={"messages": told["messages"], "task_id": told["task_id"]}).json()
    assert back["messages"] == messages


def test_a_forgotten_task_restores_nothing(client: httpx.Client) -> None:
    told = client.post("/scrub", json={"text": TEXT}).json()
    assert client.delete(f"/scrub/{told['task_id']}").json() == {"deleted": True}
    back = client.post("/rehydrate", json={"text": told["text"], "task_id": told["task_id"]}).json()
    assert back["text"] == told["text"]
    assert client.delete(f"/scrub/{told['task_id']}").status_code == 404


@pytest.mark.parametrize("stream", [False, True])
def test_the_outside_model_sees_no_secret_and_the_caller_sees_no_token(
    client: httpx.Client, stream: bool
) -> None:
    Outside.saw.clear()
    body = {"model": "m", "stream": stream, "messages": [{"role": "user", "content": TEXT}]}
    answer = client.post(
        "/v1/redacted/chat/completions", json=body, headers={"authorization": "Bearer inside-key"}
    )
    assert answer.status_code == 200
    assert answer.headers["x-redaction-task"]
    assert len(Outside.saw) == 1
    assert not [secret for secret in (*SECRETS, "inside-key") if secret in Outside.saw[0]]
    if stream:
        events = [line[6:] for line in answer.text.splitlines() if line.startswith("data: {")]
        got = "".join(json.loads(event)["choices"][0]["delta"].get("content", "") for event in events)
        assert answer.text.endswith("data: [DONE]\n\n")
    else:
        message = answer.json()["choices"][0]["message"]
        got = message["content"]
        assert json.loads(message["tool_calls"][0]["function"]["arguments"]) == {"to": TEXT}
    assert got == TEXT


def test_media_are_refused_and_nothing_is_sent(client: httpx.Client) -> None:
    Outside.saw.clear()
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    body = {"model": "m", "messages": [{"role": "user", "content": [part]}]}
    answer = client.post("/v1/redacted/chat/completions", json=body)
    assert answer.status_code == 415
    assert answer.json()["error"]["code"] == "media_refused"
    assert not Outside.saw


def test_no_original_is_left_in_any_file_or_log(client: httpx.Client, folder: Path) -> None:
    client.post("/scrub", json={"text": TEXT})
    for path in folder.rglob("*"):
        if path.is_file():
            assert not [secret for secret in SECRETS if secret.encode() in path.read_bytes()]


def test_a_policy_of_one_request_narrows_what_is_looked_for(client: httpx.Client) -> None:
    told = client.post("/scrub", json={"text": TEXT, "entities": ["EMAIL"]}).json()
    assert told["counts"] == {"EMAIL": 1}
    refused = client.post("/scrub", json={"text": TEXT, "entities": ["COLOUR"]})
    assert refused.status_code == 400
