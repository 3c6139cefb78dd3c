"""The few calls we make to Prefect's HTTP API; the only use of it here besides the settings."""

import asyncio
import logging
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
import msgspec

from blocks.run_names import run_name
from blocks.settings import BUSY_PAUSES, prefect_headers
from gateway.problem import Problem, retry_after

log = logging.getLogger(__name__)

T = TypeVar("T")

ENDED = frozenset(("COMPLETED", "FAILED", "CANCELLED", "CRASHED"))


class State(msgspec.Struct):
    """Prefect's state of a flow run: `type` such as RUNNING, `name` such as AwaitingConcurrencySlot."""

    type: str
    name: str = ""
    message: str | None = None
    timestamp: str = ""


class FlowRun(msgspec.Struct):
    """A flow run as Prefect shows it; times are ISO 8601."""

    id: str
    name: str = ""
    deployment_id: str | None = None
    state: State | None = None
    parameters: dict[str, Any] = {}
    created: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    auto_scheduled: bool = False

    @property
    def state_type(self) -> str:
        """The type of its state."""
        return self.state.type if self.state else "PENDING"


class _Named(msgspec.Struct):
    id: str


class _Outcome(msgspec.Struct):
    status: str
    details: dict[str, Any] = {}


class PrefectApi:
    """
    Prefect's API; `Problem` 503 when it is out of reach.

    Args:
        url: Such as http://127.0.0.1:4200/api.
        ui_url: Its UI as a browser reaches it.
    """

    def __init__(self, url: str, ui_url: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=url,
            headers=prefect_headers(),
            timeout=httpx.Timeout(10, connect=2),
            verify=url.startswith("https"),  # reading the certificates costs 25 ms and 1 MB
        )
        self._ui_url = ui_url
        self._deployments: dict[str, str] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def page(self, run_id: str) -> str:
        """The page of a run in Prefect's UI."""
        return f"{self._ui_url}/runs/flow-run/{run_id}"

    async def start(self, deployment: str, parameters: dict[str, Any]) -> FlowRun:
        """Start a run of a deployment by its name, such as 'swap-model/cluster'."""
        name = run_name(deployment, parameters)
        body = {"parameters": parameters, "name": name, "idempotency_key": str(uuid4())}
        for known in (deployment in self._deployments, False):
            path = f"/deployments/{await self.deployment(deployment)}/create_flow_run"
            answer = await self._call("POST", path, body)
            if answer.status_code != httpx.codes.NOT_FOUND or not known:
                break
            del self._deployments[deployment]  # it was deployed anew under another id
        if answer.is_error:
            raise Problem(502, f"Prefect refused to start the run: {_detail(answer)}", "prefect_refused")
        return _read(answer, FlowRun)

    async def deployment(self, name: str) -> str:
        """The id of a deployment; 503 when it has not been published."""
        if name not in self._deployments:
            answer = await self._call("GET", f"/deployments/name/{name}")
            if answer.status_code == httpx.codes.NOT_FOUND:
                raise Problem(
                    503, f"Prefect has no deployment {name!r}: publish it with 'make deploy'", "not_deployed"
                )
            self._deployments[name] = _read(answer, _Named).id
        return self._deployments[name]

    async def run(self, run_id: UUID | str, *, patient: bool = True) -> FlowRun | None:
        """A run; None when Prefect does not know it."""
        answer = await self._call("GET", f"/flow_runs/{run_id}", patient=patient)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return _read(answer, FlowRun)

    async def waiting_runs(self, deployment: str, before: str) -> list[FlowRun]:
        """Runs of a deployment that were due before that time and have not begun, oldest first."""
        wanted = {
            "deployments": {"id": {"any_": [await self.deployment(deployment)]}},
            "flow_runs": {
                "state": {"type": {"any_": ["SCHEDULED", "PENDING"]}},
                "expected_start_time": {"before_": before},
            },
            "sort": "EXPECTED_START_TIME_ASC",
            "limit": 20,
        }
        answer = await self._call("POST", "/flow_runs/filter", wanted, patient=False)
        return _read(answer, list[FlowRun])

    async def cancel(self, run_id: UUID) -> None:
        """Ask a run to stop; it reaches a known state by itself."""
        state = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
        self._accept(await self._call("POST", f"/flow_runs/{run_id}/set_state", state), "cancelled")

    async def resume(self, run_id: UUID, *, go: bool) -> None:
        """Answer a run that waits for a go."""
        answer = await self._call("POST", f"/flow_runs/{run_id}/resume", {"run_input": {"go": go}})
        self._accept(answer, "resumed")

    async def read(self, path: str, wanted: dict[str, Any], shape: type[T]) -> T:
        """What a query of Prefect's finds, such as '/deployments/filter'."""
        return _read(await self._call("POST", path, wanted, patient=False), shape)

    async def write(self, method: str, path: str, body: Any = None) -> bytes:
        """Change something; what Prefect answers.  `Problem` 404 when it is not there, 422 when refused."""
        answer = await self._call(method, path, body)
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise Problem(404, "Prefect does not know it: it was removed meanwhile", "not_found")
        if answer.is_error:
            raise Problem(422, f"Prefect refused the change: {_detail(answer)}", "prefect_refused")
        return answer.content

    def _accept(self, answer: httpx.Response, what: str) -> None:
        """409 unless the change came about; Prefect "rejects" the cancelling of a queued run into its end."""
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise Problem(404, "Prefect does not know this run", "unknown_run")
        outcome = _read(answer, _Outcome)
        if outcome.status in ("ABORT", "WAIT") or (outcome.status == "REJECT" and what == "resumed"):
            reason = outcome.details.get("reason") or "it is not in a state for that"
            raise Problem(409, f"the run cannot be {what}: {reason}", "wrong_state")

    async def _call(
        self, method: str, path: str, body: Any = None, *, patient: bool = True
    ) -> httpx.Response:
        """Ask; `patient` where nothing else can stand in for the answer."""
        try:
            answer = await self._client.request(method, path, json=body)
            for pause in BUSY_PAUSES if patient else ():
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    break
                await asyncio.sleep(pause)
                answer = await self._client.request(method, path, json=body)
            return answer  # noqa: TRY300 - the whole loop may fail
        except httpx.HTTPError as error:
            log.warning("Prefect cannot be asked: %s", error)
            raise Problem(
                503,
                "Prefect, which runs every change, is out of reach",
                "prefect_gone",
                headers=retry_after(5),
            ) from error


def _read(answer: httpx.Response, shape: type[T]) -> T:
    """A good answer's JSON; `Problem` 503 for any other."""
    if answer.is_error:
        raise Problem(503, f"Prefect answered with status {answer.status_code}", "prefect_refused")
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except msgspec.DecodeError:
        raise Problem(503, "what Prefect answered cannot be read", "prefect_refused") from None


def _detail(answer: httpx.Response) -> str:
    """What Prefect said, when it said it in words."""
    try:
        detail = answer.json().get("detail")
    except (ValueError, AttributeError):
        detail = None
    return detail if isinstance(detail, str) else f"status {answer.status_code}"
