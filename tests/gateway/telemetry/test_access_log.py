"""Each request leaves one line, whatever it carried, and logging never holds a request up."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.telemetry.access_log import MOST_WAITING, AccessLog
from gateway.telemetry.line import lines
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.record import Record
from gateway.telemetry.telemetry import Telemetry

ROOT = Path(__file__).parents[3]


def ended(name: str = "id-1", path: str = "/v1/chat/completions") -> Record:
    record = Record("POST", path, "192.0.2.7", name)
    record.answer_begins(200, [(b"content-type", b"application/json")])
    record.passes(b'{"text":"hush","usage":{"prompt_tokens":7,"completion_tokens":5}}')
    record.ends("ok")
    return record


def ids(path: Path) -> list[str]:
    return [json.loads(row)["id"] for row in path.read_text(encoding="utf-8").splitlines()]


def test_a_finished_request_leaves_a_line(tmp_path):
    telemetry = Telemetry(Metrics(), AccessLog(str(tmp_path / "new" / "access.log")))
    record = ended(path="/v1/chat/completions?api_key=hidden")
    record.key, record.service, record.model, record.route = "home", "vllm", "alpha", "/v1/chat/completions"
    record.trace_id, record.bytes_in, record.queued_seconds = "0af7", 31, 0.25
    telemetry.finished(record)
    telemetry.close()

    text = (tmp_path / "new" / "access.log").read_text(encoding="utf-8")
    line = json.loads(text)
    age = datetime.now(UTC) - datetime.fromisoformat(line.pop("time"))

    assert "hidden" not in text
    assert "hush" not in text
    assert timedelta() <= age < timedelta(minutes=5)
    assert 0 <= line.pop("first_byte_ms") <= line.pop("ms")
    assert line == {
        "id": "id-1", "trace": "0af7", "client": "192.0.2.7", "key": "home", "method": "POST",
        "path": "/v1/chat/completions", "route": "/v1/chat/completions", "service": "vllm", "model": "alpha",
        "status": 200, "outcome": "ok", "queue_ms": 250.0, "bytes_in": 31, "bytes_out": 65,
        "tokens": {"prompt": 7, "completion": 5, "cached": 0, "audio_seconds": 0.0},
    }  # fmt: skip


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=())), st.integers(0, 3000))
def test_whatever_a_client_names_stays_one_short_printable_line(text, size):
    record = ended(name=text, path="/" + text + "a" * size)
    record.model = text * 9
    written = lines([record], 0.0).decode()

    assert written.count("\n") == 1
    assert written.rstrip("\n").isprintable()
    assert max(len(value) for value in json.loads(written).values() if isinstance(value, str)) <= 256


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path):
    path, old = tmp_path / "access.log", tmp_path / "access.log.1"
    log = AccessLog(str(path))
    log.write(ended("before"))
    until_written(path)
    path.rename(old)
    log.write(ended("after"))
    log.close()

    assert (ids(old), ids(path)) == (["before"], ["after"])


def test_lines_go_to_standard_output():
    code = (
        "from gateway.telemetry.access_log import AccessLog; from gateway.telemetry.record import Record\n"
        "log = AccessLog('-')\n"
        "for number in range(300):\n"
        "    log.write(Record('GET', '/', '192.0.2.7', f'id-{number}'))\n"
        "log.close()\n"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert [json.loads(row)["id"] for row in said.stdout.splitlines()] == [f"id-{n}" for n in range(300)]


def test_a_log_that_is_off_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    log = AccessLog("off")
    log.write(ended())
    log.close()

    assert list(tmp_path.iterdir()) == []
    assert log.dropped == 0


def test_a_disk_that_takes_nothing_costs_lines_and_nothing_else(tmp_path, caplog):
    log = AccessLog(str(tmp_path))
    for _ in range(100):
        log.write(ended())
    log.close()

    assert log.dropped == 100
    assert [record.message for record in caplog.records if "access log" in record.message] != []


def test_a_disk_that_hangs_bounds_what_waits(tmp_path):
    pipe = tmp_path / "access.log"
    os.mkfifo(pipe)
    log = AccessLog(str(pipe))  # opening a pipe that nobody reads does not return
    record = ended()
    for _ in range(MOST_WAITING + 500):
        log.write(record)
    dropped = log.dropped
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
    log.close()
    written, _ = reader.communicate()

    assert 400 <= dropped <= 500
    assert written.count(b"\n") == MOST_WAITING + 500 - dropped


def test_a_line_that_was_cut_short_does_not_spoil_the_next(tmp_path):
    path = tmp_path / "access.log"
    code = (
        "import resource, sys, time\n"
        "from gateway.telemetry.access_log import AccessLog; from gateway.telemetry.record import Record\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))\n"
        "log = AccessLog(sys.argv[1])\n"
        "for number in range(9):\n"
        "    log.write(Record('GET', '/', '192.0.2.7', f'id-{number}'))\n"
        "while not log.dropped:\n"
        "    time.sleep(0.01)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "log.write(Record('GET', '/', '192.0.2.7', 'after'))\n"
        "log.close()\n"
    )
    subprocess.run([sys.executable, "-c", code, path], cwd=ROOT, capture_output=True, check=True)
    rows = path.read_text(encoding="utf-8").splitlines()

    assert [json.loads(row)["id"] for row in rows[:2]] == ["id-0", "id-1"]
    assert json.loads(rows[-1])["id"] == "after"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the disk that is always full is Linux's")
def test_a_full_disk_is_counted():
    log = AccessLog("/dev/full")
    log.write(ended())
    log.close()

    assert log.dropped == 1


def until_written(path: Path) -> None:
    while not path.exists() or not path.stat().st_size:
        time.sleep(0.01)
