"""/api/bot: the bot's tile: its state, update, restart and log; hidden while there is no bot."""

import asyncio
import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from blocks.bot import BOT, NO_BOT, Bot
from blocks.cluster import Host
from blocks.ledger.runs import events_after, latest_runs
from blocks.ledger.seen import Sight, read_seen
from blocks.model_files import mapping
from gateway.api.runs import Started, started
from gateway.problem import Problem
from gateway.records import Records
from gateway.swaps import Swaps
from gateway.watch import Watch

UPDATE = "update-bot/cluster"
RESTART = "restart-bot/cluster"
LOGS = "show-bot-logs/cluster"

LOG_SECONDS = 20.0
POLL_SECONDS = 0.2

Tail = Annotated[int, QueryParameter(ge=1, le=2000)]


class HowTo(msgspec.Struct, forbid_unknown_fields=True):
    """
    How to do it.

    Attributes:
        dry_run: Only say what would be done.
        approval: `ask`: the run waits for a go with its plan.
    """

    dry_run: bool = False
    approval: Literal["none", "ask"] = "none"


class Update(HowTo, forbid_unknown_fields=True):
    """How to update; `build`: build the bot's images anew."""

    build: bool = False


class BotView(msgspec.Struct):
    """
    The bot as it was last looked at.

    Attributes:
        host, user, directory, branch: Of the settings.
        age_seconds: How old the look at checkout and upstream is; null: it was never looked at.
        head: The commit that the checkout is at.
        behind, ahead: Commits that only upstream has, and that only the checkout has; null: not known.
        commits: The former, newest first: `id`, `at` (seconds since 1970), `subject`.
        dirty: Files with local changes; an update saves them as a patch.
        containers: `name`, `service`, `state`, `status`, `health`; the state as the host was seen last.
        why: Sentences on what is wrong.
        run: Id of the latest update or restart.
    """

    host: str
    user: str
    directory: str
    branch: str
    age_seconds: float | None
    head: str
    behind: int | None
    ahead: int | None
    commits: list[dict[str, Any]]
    dirty: list[str]
    containers: list[dict[str, Any]]
    why: list[str]
    run: str | None


class LogView(msgspec.Struct):
    """The last lines of every container, and the run that read them."""

    lines: list[str]
    run: str


class BotApi(Controller):
    """The bot."""

    path = "/api/bot"
    tags = ("bot",)

    @get("/")
    async def state(self, records: NamedDependency[Records], watch: NamedDependency[Watch]) -> BotView:
        """Its checkout and containers; 404 while there is none."""
        bot, host = _bot(watch)
        seen = (await records.ask(read_seen, BOT)).get(BOT)
        sights = await records.ask(read_seen, f"host/{host.name}")
        runs = await records.ask(latest_runs, "bot", 1)
        return _view(bot, host, seen, sights.get(f"host/{host.name}"), runs[0].id if runs else None)

    @post("/update", status_code=202)
    async def update(
        self,
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
        data: JSONBody[Update | None] = None,
    ) -> Started:
        """Fetch, reset to its branch, start its containers."""
        _bot(watch)
        wish = data or Update()
        parameters = {"dry_run": wish.dry_run, "approval": wish.approval, "build": wish.build}
        return started(await swaps.start_other(UPDATE, parameters))

    @post("/restart", status_code=202)
    async def restart(
        self,
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
        data: JSONBody[HowTo | None] = None,
    ) -> Started:
        """Restart its containers."""
        _bot(watch)
        wish = data or HowTo()
        parameters = {"dry_run": wish.dry_run, "approval": wish.approval}
        return started(await swaps.start_other(RESTART, parameters))

    @get("/logs")
    async def logs(
        self,
        records: NamedDependency[Records],
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
        tail: Tail = 200,
    ) -> LogView:
        """The last lines of its log, read by a run; 504 with the run's id when that takes too long."""
        _bot(watch)
        run = await swaps.start_other(LOGS, {"tail": tail})
        until = time.monotonic() + LOG_SECONDS
        while (view := await swaps.recorded(UUID(run.id))) is None or not view.over:
            if time.monotonic() > until:
                message = f"the bot's log was not read within {LOG_SECONDS:.0f} seconds; its run goes on"
                raise Problem(504, message, "logs_slow", run=run.id)
            await asyncio.sleep(POLL_SECONDS)
        if view.state != "completed":
            raise Problem(502, view.message or "the bot's log cannot be read", "no_log", run=run.id)
        events = await records.ask(events_after, run.id, 0, 1000)
        said = (line["line"] for event in events if event.kind == "log" for line in event.data["lines"])
        return LogView(list(said), run.id)


def _bot(watch: Watch) -> tuple[Bot, Host]:
    bot = watch.settings.bot
    if bot.user is None:
        raise Problem(404, NO_BOT, "no_bot")
    try:
        return bot, bot.place(watch.settings.cluster)
    except LookupError as error:
        raise Problem(409, str(error), "unknown_host") from None


def _view(bot: Bot, host: Host, seen: Sight | None, sight: Sight | None, run: str | None) -> BotView:
    told = mapping(seen.data) if seen else {}
    words = [str(told.get(name) or "") for name in ("fault", "error", "compose_fault")]
    why = [word for word in words if word] if seen else ["the bot has not been looked at yet: update it once"]
    return BotView(
        host=host.name,
        user=host.user,
        directory=bot.directory,
        branch=bot.branch,
        age_seconds=round(seen.age_seconds, 1) if seen else None,
        head=str(told.get("head") or ""),
        behind=told.get("behind"),
        ahead=told.get("ahead"),
        commits=list(told.get("commits") or ()),
        dirty=list(told.get("dirty") or ()),
        containers=_containers(told, sight),
        why=why,
        run=run,
    )


def _containers(told: Mapping[str, Any], sight: Sight | None) -> list[dict[str, Any]]:
    """The containers, each with its state as the observer saw the host, which is seconds old."""
    rows = (mapping(sight.data) if sight else {}).get("containers") or ()
    fresh = {row.get("name"): row for row in rows}
    found = []
    for one in told.get("containers") or ():
        now = fresh.get(one.get("name"), {})
        shown = {name: one.get(name) for name in ("name", "service", "state", "status", "health")}
        found.append(shown | {name: now[name] for name in ("state", "status") if name in now})
    return found
