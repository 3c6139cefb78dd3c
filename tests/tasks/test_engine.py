"""The engine seen from outside: one look at it, whether it answers, and secrets kept out of its log."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tasks.check import Answer, Unreadable
from tasks.engine import (
    EngineLook,
    NotAnswering,
    ask_one_token,
    engine_command,
    read_engine,
    served_ids,
    why_not_ready,
    without_secrets,
)
from tests.tasks.programs import Programs

FIRST, SECOND = "2026-03-04T10:00:00.000000001Z", "2026-03-04T10:00:00.000000002Z"
DOCKER = f"""case $1 in
inspect) echo running ;;
top) echo 'UID PID CMD'; echo '1 sleep infinity'; echo '7 vllm serve'; echo '8 VLLM::EngineCore' ;;
logs) echo "$*" > asked; echo '{FIRST} on stdout'; echo '{SECOND} on stderr' >&2 ;;
esac"""


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    programs = Programs(tmp_path)
    programs.add("docker", DOCKER)
    return programs


def test_a_look_tells_state_processes_and_log(programs: Programs):
    look = read_engine(programs.run(engine_command("vllm_node", "")), "")

    assert (look.state, look.processes) == ("running", 2)
    assert sorted(look.lines) == [(FIRST, "on stdout"), (SECOND, "on stderr")]
    assert (programs.home / "asked").read_text() == "logs --timestamps vllm_node\n"


def test_the_next_look_asks_for_what_is_new_and_leaves_out_what_was_seen(programs: Programs):
    look = read_engine(programs.run(engine_command("vllm_node", FIRST)), FIRST)

    assert look.lines == ((SECOND, "on stderr"),)
    assert f"--since {FIRST} vllm_node" in (programs.home / "asked").read_text()


def test_a_container_that_is_gone_has_no_state_and_no_processes(programs: Programs):
    programs.add("docker", "echo 'Error response from daemon: No such container: vllm_node' >&2; exit 1")

    look = read_engine(programs.run(engine_command("vllm_node", "")), "")

    assert (look.state, look.processes) == ("", 0)


def test_a_container_whose_engine_has_ended_runs_on_without_processes(programs: Programs):
    programs.add("docker", DOCKER.replace("'7 vllm serve'; echo '8 VLLM::EngineCore'", "''"))

    assert read_engine(programs.run(engine_command("vllm_node", "")), "").processes == 0


def test_a_name_is_never_run_as_a_command(programs: Programs):
    programs.run(engine_command("$(touch pwned); touch pwned", "'; touch pwned #"))

    assert not (programs.home / "pwned").exists()


@pytest.mark.parametrize(
    "said", ["", "state=running\nengine=1\n", "engine=1\nlog\n", "state=x\nengine=\nlog\n"]
)
def test_a_look_that_broke_off_is_unreadable(said: str):
    with pytest.raises(Unreadable):
        read_engine(Answer(124, said), "")


def test_an_empty_log_is_no_news():
    assert read_engine(Answer(0, "state=running\nengine=0\nlog\n"), "") == EngineLook("running", 0, ())


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("token hf_abcdefghIJKLMNOPQRSTUV end", "token *** end"),
        ("using hf_abcdefghIJKLMNOPQRSTUV.", "using hf_abcdefgh***."),
        ("HF_TOKEN=hf_abcdefghIJKLMNOPQRSTUV", "HF_TOKEN=***"),
        ("NGC key nvapi-abcdEFGH-ijklMNOP_qrst", "NGC key nvapi-abcd***"),
        ("api_key=0123456789abcdef rest", "api_key=*** rest"),
        ("'api_key': 'sk-0123456789abc', 'port': 8", "'api_key': '*** 'port': 8"),
        ("--api-key 0123456789abcdef", "--api-key ***"),
        ("Access-Key: 0123456789abcdef", "Access-Key: ***"),
    ],
)
def test_secrets_in_a_line_are_masked(line: str, masked: str):
    assert without_secrets(line) == masked


@pytest.mark.parametrize(
    "line",
    [
        "max_num_batched_tokens=8192",
        "Avg generation throughput: 18.1 tokens/s",
        "the hf_cache is warm",
        "GPU KV cache size: 1,253,392 tokens",
        "token ids 1 2 3",
    ],
)
def test_a_line_without_secrets_stays_as_it_is(line: str):
    assert without_secrets(line) == line


class EngineHandler(BaseHTTPRequestHandler):
    """Answers by path from `server.answers`: code and text; unknown paths 404."""

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.server.asked.append((self.path, self.rfile.read(length)))
        code, text = self.server.answers.get(self.path, (404, ""))
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def engine() -> Iterator[ThreadingHTTPServer]:
    """An engine that answers as 'qwen'."""
    with ThreadingHTTPServer(("127.0.0.1", 0), EngineHandler) as server:
        server.asked = []
        server.answers = {
            "/health": (200, ""),
            "/v1/models": (200, '{"data": [{"id": "qwen"}, {"id": "lora"}]}'),
            "/v1/completions": (200, '{"choices": [{"text": "!"}]}'),
        }
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_an_engine_is_ready_when_health_and_models_say_so(engine):
    assert why_not_ready(engine.url, "qwen") == ""
    assert served_ids(engine.url) == ["qwen", "lora"]


def test_an_engine_that_is_not_up_yet_has_a_reason(engine):
    assert "does not answer HTTP yet" in why_not_ready("http://127.0.0.1:9", "qwen")
    engine.answers["/health"] = (503, "")
    assert why_not_ready(engine.url, "qwen") == "/health says 503"


def test_another_model_at_that_address_will_never_be_the_right_one(engine):
    with pytest.raises(NotAnswering, match="answers as qwen, lora, not as glm"):
        why_not_ready(engine.url, "glm")


@pytest.mark.parametrize("text", ["<html>", "[]", '{"data": null}', '{"data": [7]}', "null"])
def test_a_list_of_models_that_cannot_be_read_is_not_ready_and_serves_nothing(engine, text: str):
    engine.answers["/v1/models"] = (200, text)

    assert why_not_ready(engine.url, "qwen")
    assert served_ids(engine.url) == []


def test_a_first_word_is_asked_for(engine):
    ask_one_token(engine.url, "qwen")

    path, body = engine.asked[-1]
    assert path == "/v1/completions"
    assert json.loads(body)["model"] == "qwen"
    assert json.loads(body)["max_tokens"] == 1


def test_an_engine_that_cannot_say_a_word_does_not_answer(engine):
    engine.answers["/v1/completions"] = (500, "CUDA error")

    with pytest.raises(NotAnswering, match="error 500: CUDA error"):
        ask_one_token(engine.url, "qwen")
    with pytest.raises(NotAnswering, match="broke off"):
        ask_one_token("http://127.0.0.1:9", "qwen")
