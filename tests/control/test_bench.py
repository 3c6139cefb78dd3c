"""The benchmark of the hot path: its tables are whole, and it sees a wrong answer as wrong."""

import asyncio
import hashlib
import os
import re
import subprocess
import sys
from contextlib import contextmanager

import msgspec
import pytest

from control.bench import jobs, usage
from control.bench.hotpath import TARGETS, hotpath
from control.bench.jobs import Closed, Down, Job, Rate, Seen, Streams, Up
from control.bench.report import best_of, columns, ratios, table
from control.bench.scale import FULL, QUICK
from control.bench.targets import Skipped, Target, started, upstream
from control.environment import CHECKOUT

PATIENCE = 60.0


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with upstream(tmp_path_factory.mktemp("engine")) as engine:
        yield engine


def load(port, order, *, exact: bool = True) -> Seen:
    job = Job(port, [os.getpid()], order, exact=exact)
    done = subprocess.run(
        [sys.executable, "-m", "control.bench.load"],
        input=msgspec.json.encode(job),
        cwd=CHECKOUT,
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=Seen)


def test_a_quick_run_fills_its_table_and_every_answer_is_right():
    words = [sys.executable, "-m", "control.bench", "hotpath", "--quick"]
    words += ["--targets", "direct,gateway", "--rounds", "1"]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every answer was right." in done.stdout
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert rows[0][1:] == ["direct", "gateway |"]
    assert [row[0].removeprefix("| ") for row in rows[2:]] == [column.title for column in columns(QUICK)]
    assert [row for row in rows[2:] if row[2] == "- |"] == []


@pytest.mark.parametrize(
    "order",
    [
        Closed(4, 0.2),
        Rate(100, 0.3),
        Streams(8, 50, 60, 0.1, 0.5, 0.3, PATIENCE),
        Up(1_000_001),
        Down(1_000_001),
    ],
    ids=lambda order: type(order).__name__,
)
def test_what_the_upstream_answers_is_right(engine: Target, order):
    seen = load(engine.port, order)

    assert (seen.failed, seen.unfinished, seen.faults) == (0, 0, [])
    assert seen.done


def test_streams_without_a_pace_begin_again_when_they_end(engine: Target):
    seen = load(engine.port, Streams(2, 0, 5, 0.05, 0.5, 0.3, 0))

    assert seen.failed == 0
    assert seen.done > 2
    assert seen.events > 10


def test_questions_at_a_pace_are_all_asked(engine: Target):
    assert load(engine.port, Rate(100, 0.5)).done == 50


CHAT = b'{"choices":[{"message":{"content":"something else"}}]}'
WRONG = {
    "other words": (Closed(1, 0.1), b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(CHAT), CHAT)),
    "status 503": (Closed(1, 0.1), b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n"),
    "not HTTP": (Closed(1, 0.1), b"hello\r\n\r\n"),
    "ended before": (Closed(1, 0.1), b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"),
    "ended after 1": (
        Streams(1, 50, 3, 0.1, 0.1, 0.1, PATIENCE),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nE\r\ndata: #token\n\n\r\n0\r\n\r\n",
    ),
    "not what the upstream sent": (Down(4), b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcd"),
    "2 bytes of 4": (Down(4), b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab"),
    "not the upstream's": (Up(4), b'HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\n{"text":"4 bytes"}'),
}
FOUND = {"other words": "not the upstream's answer", "ended before": "the connection ended before"}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("exact", [True, False])
async def test_a_wrong_answer_is_told(wrong, exact):
    order, answer = WRONG[wrong]

    async def reply(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(reply, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        seen = await asyncio.to_thread(load, port, order, exact=exact)

    if isinstance(order, Up) and not exact:
        assert seen.done == 1, "a target that writes forms anew is only asked whether it took the upload"
    else:
        assert seen.failed, "one that asks again may be told more than once"
        assert FOUND.get(wrong, wrong) in seen.faults[0]


def test_a_recording_has_the_length_and_the_hash_it_says():
    head, pieces, digest = jobs.recording(Job(1, [], Up(200_000), key="k"), Up(200_000))
    body = b"".join(pieces)

    assert f"Content-Length: {len(body)}\r\n".encode() in head
    assert b"Authorization: Bearer k\r\n" in head
    assert hashlib.sha256(body).hexdigest().encode() == digest


def test_the_best_round_counts_and_what_was_not_measured_is_a_dash():
    rounds = {
        "direct": [{"p50": 0.1}],
        "gateway": [{"p50": 0.4, "some": 0.2, "flat": 10}, {"p50": 0.3, "some": 0.1, "flat": 20}],
        "nginx": [{"some": 0.05}],
    }
    best = best_of(rounds, FULL)

    assert best["gateway"] == {"p50": 0.3, "added": pytest.approx(0.2), "some": 0.1, "flat": 20}
    assert "| CPU-s/1k at 32 | - | 0.100 | 0.050 |" in table(best, FULL)
    assert "| CPU-s/1k at 32 | 2 |" in ratios(best, FULL)
    assert ratios({"direct": {}}, FULL) == ""


def test_memory_and_cpu_time_are_read_of_a_process_and_those_below_it():
    with subprocess.Popen(["bash", "-c", "sleep 60 & echo up; wait"], stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline() == b"up\n"
        pids = usage.tree(parent.pid)
        usage.forget_peak(pids)

        assert len(pids) == 2
        assert 0 < usage.share(pids) <= usage.resident(pids) <= usage.peak(pids)
        assert usage.cpu_seconds(pids) < 5

        for pid in reversed(pids):
            os.kill(pid, 9)


def test_an_unknown_target_is_refused_by_name():
    words = [sys.executable, "-m", "control.bench", "hotpath", "--targets", "direct,apache"]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "no target is named apache" in done.stderr


def test_a_target_that_is_not_there_is_named_with_the_reason(monkeypatch, capsys):
    @contextmanager
    def absent(_engine, _folder):
        raise Skipped("it is not installed")
        yield

    monkeypatch.setitem(TARGETS, "absent", absent)

    assert hotpath(["absent"], 1, QUICK), "only the gateway's answers decide"
    assert "- absent was not measured: it is not installed" in capsys.readouterr().out


def test_a_target_that_ends_is_told_and_the_run_goes_on(monkeypatch, capsys):
    @contextmanager
    def short(engine, folder):
        with started("short", ["true"], os.environ, folder) as house:
            house.processes["short"].child.wait(PATIENCE)
            yield Target("short", engine.port, house.processes["short"])

    monkeypatch.setitem(TARGETS, "short", short)

    assert hotpath(["short"], 1, QUICK)
    assert "- short ended by itself" in capsys.readouterr().out
