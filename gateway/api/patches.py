"""/api/patches: the files of the speech container beside ours, and have ours put there."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from blocks.cluster import Service
from blocks.ledger.runs import latest_runs
from blocks.ledger.seen import Sight, read_seen
from blocks.patches import PATCHES
from gateway.api.runs import Started, started
from gateway.problem import Problem
from gateway.records import Records
from gateway.swaps import Swaps
from gateway.watch import Watch

APPLY = "reapply-patches/cluster"
RESTART = "restart-service/cluster"

State = Literal["in_sync", "missing", "drift", "unknown_base", "no_container", "unknown"]


class Apply(msgspec.Struct, forbid_unknown_fields=True):
    """
    How to put them there.

    Attributes:
        dry_run: Only compare, and say what would be done.
        approval: `ask`: the run waits for a go with its plan.
        any_base: Also replace files that nobody knows.
        lock_token: Of the swap lock, when the caller holds it.
    """

    dry_run: bool = False
    approval: Literal["none", "ask"] = "none"
    any_base: bool = False
    lock_token: str | None = None


class Restart(msgspec.Struct, forbid_unknown_fields=True):
    """Why, for people; and the swap lock's token, when the caller holds it."""

    reason: str = ""
    lock_token: str | None = None


class FileView(msgspec.Struct):
    """A file: its state, and the SHA-256 of ours, of what is there and of the original that is kept."""

    name: str
    state: str
    ours: str
    found: str
    original: str


class PatchesView(msgspec.Struct):
    """
    The patches as they were last looked at.

    Attributes:
        state: That of the worst file; `no_container`, or `unknown` before the first look.
        age_seconds: How old the look is; null: there was none.
        runs_ours: The service runs these very files; null: not known.
        memory_gib: What its container may take at most; 0: no cap; null: not known.
        why: Sentences on what is wrong.
        run: Id of the latest run that compared or applied them.
    """

    service: str
    host: str
    container: str
    directory: str
    state: State
    age_seconds: float | None
    runs_ours: bool | None
    memory_gib: float | None
    files: list[FileView]
    why: list[str]
    run: str | None


class PatchesApi(Controller):
    """The speech container's patches."""

    path = "/api"
    tags = ("patches",)

    @get(["/patches", "/speech-models"])
    async def state(self, records: NamedDependency[Records], watch: NamedDependency[Watch]) -> PatchesView:
        """Each file as it was seen last; 404 without a speech service."""
        service = _service(watch)
        seen = (await records.ask(read_seen, PATCHES)).get(PATCHES)
        runs = await records.ask(latest_runs, "patches", 1)
        directory = watch.settings.cluster.speech_patches.directory
        return _view(service, directory, seen, runs[0].id if runs else None)

    @post(["/patches/apply", "/speech-models/reapply"], status_code=202)
    async def apply(
        self,
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
        data: JSONBody[Apply | None] = None,
    ) -> Started:
        """Compare, put ours in place, restart with them; 423 while another holds the lock."""
        _service(watch)
        wish = data or Apply()
        lock_pass = "" if wish.dry_run else await swaps.lock_pass(APPLY, wish.lock_token)
        parameters = {"dry_run": wish.dry_run, "approval": wish.approval, "any_base": wish.any_base}
        return started(await swaps.start_other(APPLY, {**parameters, "lock_pass": lock_pass}))

    @post("/speech-models/restart", status_code=202)
    async def restart(
        self,
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
        data: JSONBody[Restart | None] = None,
    ) -> Started:
        """Restart the service alone."""
        service, wish = _service(watch), data or Restart()
        parameters = {"service": service.name, "reason": wish.reason, "dry_run": False, "approval": "none"}
        lock_pass = await swaps.lock_pass(RESTART, wish.lock_token)
        return started(await swaps.start_other(RESTART, {**parameters, "lock_pass": lock_pass}))


def _service(watch: Watch) -> Service:
    try:
        return watch.settings.cluster.patched
    except LookupError as error:
        raise Problem(404, str(error), "no_speech_service") from None


def _view(service: Service, directory: str, seen: Sight | None, run: str | None) -> PatchesView:
    is_this = seen is not None and seen.data.get("container") == service.container
    told = seen.data if seen is not None and is_this else {}
    return PatchesView(
        service=service.name,
        host=service.host,
        container=service.container,
        directory=directory,
        state=told.get("state") or "unknown",
        age_seconds=round(seen.age_seconds, 1) if seen is not None and told else None,
        runs_ours=told.get("runs_ours"),
        memory_gib=told.get("memory_gib"),
        files=msgspec.convert(list(told.get("files") or ()), list[FileView]),
        why=_why(service, told),
        run=run,
    )


def _why(service: Service, told: Mapping[str, Any]) -> list[str]:
    """What is wrong, in words."""
    if not told:
        return ["the patches have not been looked at yet: that is done within ten minutes"]
    why = [str(told["fault"])] if told.get("fault") else []
    if told.get("state") == "no_container":
        why.append(f"there is no container {service.container} on {service.host}")
    if told.get("state") == "in_sync" and not told.get("runs_ours"):
        why.append("the files are in place, but the service does not say that it runs them: apply them again")
    if version := told.get("cuda_python"):
        why.append(
            f"the container has cuda-python {version} (remove it: docker exec {service.container} "
            "pip uninstall cuda-python): without the patches, real decoding crashes with it on this GPU"
        )
    return why
