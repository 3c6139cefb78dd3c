"""What a user can do about weights in the house, and what can be seen of them on the simulated disks."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import psutil

from blocks.ledger.runs import events_after
from blocks.ledger.store import Ledger


class Downloads:
    """Starts runs as Prefect's UI does, and looks at disks and jobs."""

    def __init__(self, house) -> None:
        self.house = house

    def start(self, flow: str, **parameters: object) -> str:
        """Press Run; the run's id."""
        deployment = self.house.prefect.get(f"/deployments/name/{flow}/cluster").json()
        body = {"parameters": {**deployment["parameters"], **parameters}}
        path = f"/deployments/{deployment['id']}/create_flow_run"
        run_id = self.house.write_to_prefect("POST", path, body).json()["id"]
        self.house.wait_until(lambda: self._known(run_id), 60, f"record of {flow}")
        return run_id

    def phases(self, run_id: str) -> list[dict]:
        """What the run told of its phases."""
        ledger = Ledger(self.house.environment["SPARK_LEDGER_URL"])
        told = [event.data for event in events_after(ledger, run_id) if event.kind == "phase"]
        ledger.close()
        return told

    def hosts_on_menu(self, repo: str) -> list[str]:
        """Hosts where the menu has all of it."""
        models = self.house.client.get("/api/models").json()["models"]
        return next((model["hosts"] for model in models if model["model"] == repo), [])

    def repo(self, repo: str, host: str = "spark-1") -> Path:
        """Its folder in a host's cache."""
        folder = f"models--{repo.replace('/', '--')}"
        return self.house.sparks / host / "home/.cache/huggingface/hub" / folder

    def arrived(self, repo: str) -> int:
        """Bytes of it on host 1."""
        return sum(self._size(path) for path in self.repo(repo).glob("blobs/*"))

    def job(self, repo: str) -> dict:
        """The job that downloads it on host 1."""
        name = f"download-models--{repo.replace('/', '--')}"
        jobs = self.house.sparks / "spark-1/home/.cache/spark-control/jobs"
        return json.loads((jobs / name / "job.json").read_text())

    def job_runs(self, repo: str) -> bool:
        """True while the job's process is there; a zombie has ended."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.job(repo)["pid"]).status() != psutil.STATUS_ZOMBIE
        return False

    @contextlib.contextmanager
    def secret(self, name: str, value: str) -> Iterator[None]:
        """A Secret block in Prefect while the block lasts."""
        prefect = self.house.prefect
        kind = prefect.get("/block_types/slug/secret").raise_for_status().json()["id"]
        schemas = {"block_schemas": {"block_type_id": {"any_": [kind]}}}
        schema = prefect.post("/block_schemas/filter", json=schemas).json()[0]["id"]
        body = {"name": name, "data": {"value": value}, "block_type_id": kind, "block_schema_id": schema}
        made = self.house.write_to_prefect("POST", "/block_documents/", body).json()["id"]
        try:
            yield
        finally:
            self.house.write_to_prefect("DELETE", f"/block_documents/{made}", None)

    def all_said(self, run_id: str) -> str:
        """Everything that was written down of a run: Prefect's record and log, ours, and the host's."""
        prefect = self.house.prefect
        logs = prefect.post("/logs/filter", json={"logs": {"flow_run_id": {"any_": [run_id]}}}).text
        host = self.house.sparks / "spark-1/home/.cache/spark-control/jobs"
        files = "".join(path.read_text() for path in host.rglob("*") if path.is_file())
        ours = json.dumps([self.house.run(run_id), self.phases(run_id)])
        return prefect.get(f"/flow_runs/{run_id}").text + logs + files + ours

    def _known(self, run_id: str) -> bool:
        return self.house.client.get(f"/api/runs/{run_id}").is_success

    def _size(self, path: Path) -> int:
        try:
            return path.stat().st_size if path.is_file() else 0
        except OSError:
            return 0
