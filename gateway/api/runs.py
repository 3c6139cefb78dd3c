"""/api/swap, /api/runs: ask for a swap, follow a run, cancel it, answer its question."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter
from litestar.response import Stream

from blocks.ledger.operations import newest_log
from gateway.models import Models
from gateway.prefect_api import PrefectApi
from gateway.records import Records
from gateway.runs import RunView
from gateway.stay import stay
from gateway.stream import Streams
from gateway.swaps import Swaps

MOST_LINES = 500
STREAM_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}

After = Annotated[int, QueryParameter(ge=0)]
LastEventId = Annotated[int | None, HeaderParameter(name="Last-Event-ID", required=False)]


class Swap(msgspec.Struct, forbid_unknown_fields=True):
    """
    What to swap to.

    Attributes:
        model: Key, served name or repo.
        force: Swap also to what is loaded already.
        lock_token: Of the swap lock, when the caller holds it.
        dry_run: Only say what would be done.
        approval: `ask`: the run waits for a go with its plan.
        knobs: Flags for this swap only, in the place of the recipe's own; null leaves one out.
        length_minutes: How long it stays; 0: for good.
        afterwards: What comes then; blank: what was loaded before.
    """

    model: str
    force: bool = False
    lock_token: str | None = None
    dry_run: bool = False
    approval: Literal["none", "ask"] = "none"
    knobs: dict[str, Any] = {}
    length_minutes: int = 0
    afterwards: str = ""


class Started(msgspec.Struct):
    """A run that was asked for: its id, state, page in Prefect's UI and stream of events."""

    id: str
    state: str
    url: str
    stream: str


def started(run: RunView, followed_at: str = "/api/runs") -> Started:
    """A run that was asked for, and the path below which it is followed."""
    return Started(run.id, run.state, run.url, f"{followed_at}/{run.id}/stream")


class Swapping(msgspec.Struct):
    """The swap under way, those that wait for their turn, and the one that began last."""

    under_way: RunView | None
    queued: list[RunView]
    latest: RunView | None


class LogLine(msgspec.Struct):
    """One line of a run's log; lines that were read together have one number."""

    seq: int
    host: str
    line: str


class LogView(msgspec.Struct):
    """The newest lines, oldest first, and the number after which the next ones come."""

    lines: list[LogLine]
    next: int


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """The answer to a run that waits: go, or don't."""

    go: bool


class FollowApi(Controller):
    """What can be seen of one run, under every path that starts some."""

    @get("/{run_id:uuid}")
    async def one(self, run_id: FromPath[UUID], swaps: NamedDependency[Swaps]) -> RunView:
        """One run."""
        return await swaps.view(run_id)

    @get("/{run_id:uuid}/stream")
    async def stream(
        self,
        run_id: FromPath[UUID],
        swaps: NamedDependency[Swaps],
        streams: NamedDependency[Streams],
        last_event_id: LastEventId = None,
    ) -> Response[Any]:
        """Its events as they happen: state, phase, log, result; 204 when it ended and all of it was seen."""
        run = await swaps.view(run_id)
        if last_event_id is not None and run.over and not await streams.has_more(run_id, last_event_id):
            return Response(None, status_code=204)  # which tells a browser to stop
        events = streams.events(run_id, last_event_id or 0)
        return Stream(events, media_type="text/event-stream", headers=STREAM_HEADERS)


class SwapApi(FollowApi):
    """Swaps."""

    path = "/api/swap"
    tags = ("swap",)

    @post("/", status_code=202)
    async def swap(
        self, data: JSONBody[Swap], swaps: NamedDependency[Swaps], models: NamedDependency[Models]
    ) -> Started:
        """Ask for a swap; what is wrong with it is said here and now."""
        unusual = await stay(models, data.knobs, data.length_minutes, data.afterwards)
        run = await swaps.start(
            data.model,
            force=data.force,
            lock_token=data.lock_token,
            dry_run=data.dry_run,
            approval=data.approval,
            **unusual,
        )
        return started(run, "/api/swap")

    @get("/")
    async def now(self, swaps: NamedDependency[Swaps]) -> Swapping:
        """What is under way."""
        newest = await swaps.newest()
        return Swapping(await swaps.under_way(), await swaps.queued(), newest)


class RunsApi(FollowApi):
    """Runs of every kind."""

    path = "/api/runs"
    tags = ("runs",)

    @get("/{run_id:uuid}/log")
    async def log(
        self,
        run_id: FromPath[UUID],
        records: NamedDependency[Records],
        swaps: NamedDependency[Swaps],
        after: After = 0,
    ) -> LogView:
        """The newest 500 lines of its log, of those after a number."""
        events = await records.ask(newest_log, str(run_id), after)
        if not events:
            await swaps.view(run_id)  # 404 here and now
        said = [LogLine(each.seq, **line) for each in events for line in each.data["lines"]]
        return LogView(said[-MOST_LINES:], events[-1].seq if events else after)

    @post("/{run_id:uuid}/cancel", status_code=202)
    async def cancel(
        self, run_id: FromPath[UUID], prefect: NamedDependency[PrefectApi], swaps: NamedDependency[Swaps]
    ) -> RunView:
        """Ask it to stop; it reaches a known state by itself."""
        await swaps.view(run_id)  # 404 here and now
        await prefect.cancel(run_id)
        return await swaps.view(run_id)

    @post("/{run_id:uuid}/resume", status_code=202)
    async def resume(
        self,
        run_id: FromPath[UUID],
        data: JSONBody[Answer],
        prefect: NamedDependency[PrefectApi],
        swaps: NamedDependency[Swaps],
    ) -> RunView:
        """Answer a run that waits for a go."""
        await swaps.view(run_id)  # 404 here and now
        await prefect.resume(run_id, go=data.go)
        return await swaps.view(run_id)
