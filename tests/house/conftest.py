"""The whole house over a simulated pair of Sparks, once a session: real processes, SSH, HTTP and Prefect."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from blocks.cluster import Host
from control import demo
from control.processes import House
from control.up import bring_up, gateway_url
from tasks.check import command
from tasks.ssh import close_all, run

SCALE = "0.01"
SLEEP = """#!/bin/bash
# sleep in the time of the simulation, for commands on hosts; what is short is in that time already.
if [[ -z $SIM_CONTAINER && $1 =~ ^[1-9][0-9]*$ ]]; then set -- "$(awk "BEGIN {print $1 * $SIM_SCALE}")"; fi
exec /bin/sleep "$@"
"""
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
DONE = {"completed", "failed", "cancelled", "crashed"}

expect.set_options(timeout=60_000)  # patience of a busy machine, not a promise


class Visitor:
    """What a user, an operator and another program can do to the house, and what they can see."""

    def __init__(self, environment: dict[str, str], sparks: Path, house: House) -> None:
        self.environment = environment
        self.sparks = sparks
        self.house = house
        self.url = gateway_url(environment)
        self.client = _patient_client(self.url)
        self.prefect = _patient_client(environment["PREFECT_API_URL"])

    def swap(self, model: str, **options: object) -> str:
        """Ask for a swap; the run's id."""
        answer = self.client.post("/api/swap", json={"model": model, **options})
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def run(self, run_id: str) -> dict:
        """The run as the API shows it."""
        return self.client.get(f"/api/runs/{run_id}").raise_for_status().json()

    def wait(self, run_id: str, seconds: float = 120) -> dict:
        """The run once it has ended."""
        # Each look costs Prefect a request: a run of many seconds is not asked for ten times in each.
        return self.wait_until(lambda: self._ended(run_id), seconds, f"the end of run {run_id}", pause=0.3)

    def wait_for_phase(self, run_id: str, *phases: str, seconds: float = 60) -> dict:
        """The run once it is in one of the phases, or has ended."""

        def reached() -> dict | None:
            run = self.run(run_id)
            return run if run["phase"] in phases or run["state"] in DONE else None

        run = self.wait_until(reached, seconds, f"{phases} of run {run_id}")
        assert run["phase"] in phases, run
        return run

    def wait_until(self, look, seconds: float, what: str, pause: float = 0.1):
        """The first true thing that `look` returns."""
        deadline = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < deadline, f"no {what} within {seconds} s"
            time.sleep(pause)
        return found

    def load(self, model: str) -> None:
        """Make sure that a model is loaded."""
        if self.answering() == [model]:
            return
        run = self.wait(self.swap(model))
        assert run["state"] == "completed", run

    def answering(self) -> list[str]:
        """Ids that the engine itself answers with."""
        port = next(s["port"] for s in self.settings("cluster")["services"] if s["kind"] == "vllm")
        try:
            models = httpx.get(f"http://127.0.0.1:{port}/v1/models", timeout=5).json()
        except httpx.HTTPError:
            return []
        return [model["id"] for model in models["data"]]

    def settings(self, kind: str) -> dict:
        """The data of a settings document."""
        return self._document(kind)["data"]

    def change_settings(self, kind: str, **values: object) -> None:
        """Edit a settings document as Prefect's UI does."""
        document = self._document(kind)
        body = {"data": {**document["data"], **values}, "merge_existing_data": False}
        self.write_to_prefect("PATCH", f"/block_documents/{document['id']}", body)

    @contextlib.contextmanager
    def fault(self, host: str, name: str, content: str = "") -> Iterator[None]:
        """A fault of the simulator while the block lasts."""
        file = self.sparks / host / "faults" / name
        file.write_text(content, encoding="utf-8")
        try:
            yield
        finally:
            file.unlink(missing_ok=True)

    def docker(self, host: str, *words: str) -> None:
        """Use docker on a host by hand, as its owner does."""
        there = next(one for one in self.settings("cluster")["hosts"] if one["name"] == host)
        answer = run(Host(**there), command("docker", *words))
        assert answer.ok, answer.said

    def containers(self, host: str) -> list[str]:
        """Names of the containers on a host."""
        return sorted(path.name for path in (self.sparks / host / "docker" / "containers").iterdir())

    def flow_process(self, run_id: str) -> psutil.Process:
        """The process that runs a flow run."""
        pid = self.prefect.get(f"/flow_runs/{run_id}").json()["infrastructure_pid"]
        return psutil.Process(int(pid.split(":")[1]))

    def start_in_prefect(self, **parameters: object) -> str:
        """Press Run in Prefect's UI."""
        deployment = self.prefect.get("/deployments/name/swap-model/cluster").json()
        body = {"parameters": {**deployment["parameters"], **parameters}}
        path = f"/deployments/{deployment['id']}/create_flow_run"
        return self.write_to_prefect("POST", path, body).json()["id"]

    def write_to_prefect(self, method: str, path: str, body: object) -> httpx.Response:
        """A change by Prefect's own API."""
        return self.prefect.request(method, path, json=body).raise_for_status()

    def _ended(self, run_id: str) -> dict | None:
        run = self.run(run_id)
        return run if run["state"] in DONE else None

    def _document(self, kind: str) -> dict:
        path = f"/block_types/slug/{kind}/block_documents/name/default"
        return self.prefect.get(path, params={"include_secrets": "true"}).raise_for_status().json()


def _patient_client(url: str) -> httpx.Client:
    # Servers close idle connections after 5 s: one of that age may break under a request.
    transport = _Patient(limits=httpx.Limits(keepalive_expiry=2))
    return httpx.Client(base_url=url, timeout=60, transport=transport)


class _Patient(httpx.HTTPTransport):
    """Asks again while Prefect is busy: on SQLite it says 503 then, on a slow disk for a minute."""

    BUSY = (b'"prefect_gone"', b'"prefect_refused"', b"Service Unavailable", b"database is locked")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        deadline = time.monotonic() + 120
        while True:
            answer = super().handle_request(request)
            if answer.status_code != 503 or time.monotonic() > deadline:
                return answer
            if not any(sign in answer.read() for sign in self.BUSY):
                return answer
            time.sleep(0.3)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """The house, up; afterwards no process of it may be left."""
    state = _state_folder(tmp_path_factory)
    mark = f"house-of-{os.getpid()}"
    os.environ["HOUSE_MARK"] = mark
    launcher = os.environ.get("SPARK_LAUNCHER")
    with demo.simulated_cluster(state / "sparks", SCALE, launcher) as cluster_file:
        _add_program(state / "sparks/bin/sleep", SLEEP)
        environment = demo.demo_environment(state, cluster_file)
        running = bring_up(environment, print)
        visitor = Visitor(environment, state / "sparks", running)
        visitor.wait_until(lambda: ready_models(visitor), 60, "models on the menu")
        yield visitor
        visitor.client.close()
        visitor.prefect.close()
        close_all()
        running.stop()
    shutil.rmtree(state, ignore_errors=True)
    del os.environ["HOUSE_MARK"]
    left = [process for process in psutil.process_iter() if _carries(process, mark)]
    assert left == []


def _state_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In memory where there is room: every change in Prefect waits for the disk, and CI's may be slow."""
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free > 4e9:
        return Path(tempfile.mkdtemp(prefix="house-", dir=memory))
    return tmp_path_factory.mktemp("house")


def ready_models(visitor: Visitor) -> list[str]:
    """Keys that can be swapped to."""
    models = visitor.client.get("/api/models").json()["models"]
    return [model["key"] for model in models if model["state"] == "ready"]


def _add_program(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)


def _carries(process: psutil.Process, mark: str) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get("HOUSE_MARK") == mark
    except psutil.Error:
        return False


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.fail("the page tests need a browser: install the Debian package 'chromium'", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
