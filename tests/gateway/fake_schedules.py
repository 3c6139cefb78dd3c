"""The part of the small Prefect API that keeps schedules and planned runs."""

import re
import uuid
from typing import Any

_SCHEDULES = re.compile(r"/api/deployments/([0-9a-f-]{36})/schedules(?:/([0-9a-f-]{36}))?")
_PLAN = re.compile(r"/api/deployments/([0-9a-f-]{36})/schedule")

CHECK = "77777777-7777-4777-8777-777777777777"
"""A deployment that is no swap."""


class FakeSchedules:
    """
    Schedules of the swap's deployment and of one more.

    Attributes:
        rows: As Prefect shows them.
        planned: Runs that it has planned.
        asked_to_plan: Deployments whose runs it was told to plan now.
    """

    def __init__(self, swaps: str) -> None:
        self.flows = {swaps: "swap-model", CHECK: "deep-check"}
        self.rows: list[dict[str, Any]] = []
        self.planned: list[dict[str, Any]] = []
        self.asked_to_plan: list[str] = []

    def add(self, deployment: str, rule: dict[str, Any], **more: Any) -> str:
        """A schedule that is there already; its id."""
        row = {"id": str(uuid.uuid4()), "deployment_id": deployment, "schedule": rule, "active": True}
        self.rows.append({**row, "parameters": {}, "slug": None, **more})
        return row["id"]

    def plan(self, at: str, **more: Any) -> str:
        """A planned run; its id."""
        run = {"id": str(uuid.uuid4()), "name": "a run", "expected_start_time": at, "parameters": {}}
        self.planned.append({**run, **more})
        return run["id"]

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any] | None:
        """Status and JSON for what belongs here; None for the rest."""
        if path == "/api/deployments/filter":
            return 200, [self._deployment(name) for name in self.flows]
        if path == "/api/flows/filter":
            return 200, [{"id": f"flow-{name}", "name": name} for name in self.flows.values()]
        if path == "/api/flow_runs/filter" and not {"deployments", "id"} & {*body, *body["flow_runs"]}:
            return 200, self.planned
        if found := _PLAN.fullmatch(path):
            self.asked_to_plan.append(found[1])
            return 204, None
        found = _SCHEDULES.fullmatch(path)
        return self._change(method, found[1], found[2], body) if found else None

    def _deployment(self, deployment: str) -> dict[str, Any]:
        flow = self.flows[deployment]
        rows = [row for row in self.rows if row["deployment_id"] == deployment]
        names = {"name": "cluster", "flow_id": f"flow-{flow}", "description": f"What {flow} does."}
        return {"id": deployment, "paused": False, "schedules": rows, **names}

    def _change(self, method: str, deployment: str, schedule_id: str | None, body: Any) -> tuple[int, Any]:
        if method == "POST":
            ids = [self.add(deployment, row.pop("schedule"), **row) for row in body]
            return 201, [row for row in self.rows if row["id"] in ids]
        row = next((row for row in self.rows if row["id"] == schedule_id), None)
        if row is None:
            return 404, {"detail": "Schedule not found"}
        if method == "DELETE":
            self.rows.remove(row)
        else:
            row.update({"parameters": {}, **body})  # it empties the parameters that are left out
        return 204, None
