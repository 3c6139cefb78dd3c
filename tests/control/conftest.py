"""A real Prefect server and real workers, for the tests of the worker."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

CHECKOUT = Path(__file__).parents[2]
PATIENCE = 90.0
FLOWS = '''"""Flows for the tests of the worker."""
import os
import time
from pathlib import Path

from prefect import flow, get_run_logger


@flow
def note(line: str) -> None:
    """Write down who ran."""
    get_run_logger().info("noting %s", line)
    with Path("notes").open("a") as notes:
        notes.write(f"{line} {os.getpid()} {os.getsid(0)}\\n")


@flow
def hold(name: str) -> None:
    """Wait for leave to go; say what came instead."""
    try:
        Path(f"{name}.begun").touch()
        for _ in range(2000):
            if Path(f"{name}.go").exists():
                return
            time.sleep(0.05)
    except BaseException as why:
        Path(f"{name}.end").write_text(type(why).__name__)
        time.sleep(1)
        Path(f"{name}.clean").touch()
        raise


@flow
def cling() -> None:
    """Never end by itself."""
    while True:
        try:
            Path("cling.begun").touch()
            time.sleep(60)
        except BaseException:
            Path("cling.end").touch()
'''
BROKEN = '"""A flow file that cannot be imported."""\nimport no_such_module\n'


def until(true: Callable[[], Any], what: str) -> Any:
    """Return the first true answer."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if answer := true():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"not within {PATIENCE:.0f} s: {what}")


class Prefect:
    """Prefect's API as the tests use it; repeats what SQLite refuses."""

    until = staticmethod(until)

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=90)

    def ask(self, method: str, path: str, **body: Any) -> Any:
        for _ in range(50):
            answer = self.http.request(method, path, json=body or None)
            if answer.status_code != 503:
                return answer.raise_for_status().json()
            time.sleep(0.2)
        raise AssertionError(f"{path}: still 503")

    def deploy(self, pool: str, entrypoint: str, **more: Any) -> str:
        """Create a deployment; return its id."""
        flow = self.ask("POST", "/flows/", name=entrypoint.rpartition(":")[2])["id"]
        body = {"name": pool, "flow_id": flow, "entrypoint": entrypoint, "work_pool_name": pool}
        return self.ask("POST", "/deployments/", **body, **more)["id"]

    def start(self, deployment: str, **parameters: Any) -> str:
        """Press the button; return the run's id."""
        path = f"/deployments/{deployment}/create_flow_run"
        return self.ask("POST", path, state={"type": "SCHEDULED"}, parameters=parameters)["id"]

    def cancel(self, run: str) -> None:
        state = {"type": "CANCELLING", "name": "Cancelling"}
        self.ask("POST", f"/flow_runs/{run}/set_state", state=state)

    def run(self, run: str) -> Any:
        return self.ask("GET", f"/flow_runs/{run}")

    def reach(self, run: str, *names: str) -> Any:
        """Return the run once its state has one of the names."""

        def reached() -> Any:
            seen = self.run(run)
            return seen if seen["state"]["name"] in names else None

        return until(reached, f"{names} of {run}")

    def pid(self, run: str) -> int:
        return int(self.run(run)["infrastructure_pid"].split(":")[1])

    def log(self, run: str) -> str:
        body = {"logs": {"flow_run_id": {"any_": [run]}}}
        return "\n".join(line["message"] for line in self.ask("POST", "/logs/filter", **body))


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that workers run in, with its flows."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "flows").mkdir()
    (folder / "flows/trial.py").write_text(FLOWS)
    (folder / "flows/broken.py").write_text(BROKEN)
    return folder


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    return os.environ | {
        "PREFECT_HOME": str(tmp_path_factory.mktemp("prefect")),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "1",
        "PYTHONPATH": str(CHECKOUT),
    }


@pytest.fixture(scope="session")
def prefect(environment: dict[str, str], place: Path) -> Iterator[Prefect]:
    """A server of its own."""
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
    with (place / "server.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    api = Prefect(environment["PREFECT_API_URL"])

    def healthy() -> bool:
        try:
            return api.http.get("/health").is_success
        except httpx.HTTPError:
            return False

    try:
        until(healthy, "Prefect's server is up")
        yield api
    finally:
        api.http.close()
        server.kill()
        server.wait()


@pytest.fixture(scope="session")
def workers(
    prefect: Prefect, environment: dict[str, str], place: Path
) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a worker for a pool; return its process once it is ready."""
    started: list[subprocess.Popen[bytes]] = []

    def start(pool: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "control.worker", "--pool", pool, *options]
        log = place / f"worker-{len(started)}.log"
        with log.open("w") as out:
            worker = subprocess.Popen(command, cwd=place, env=environment, stdout=out, stderr=out)
        started.append(worker)
        until(lambda: "worker ready" in log.read_text(), f"{log} is ready")
        return worker

    yield start
    for worker in started:
        worker.send_signal(signal.SIGTERM)
    for worker in started:
        worker.wait(PATIENCE)


@pytest.fixture
def pool(prefect: Prefect, request: pytest.FixtureRequest) -> str:
    """A work pool of the test's own."""
    name = request.node.name.removeprefix("test_").replace("_", "-")
    return str(prefect.ask("POST", "/work_pools/", name=name, type="spark-control")["name"])
