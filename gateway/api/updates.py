"""/api/updates: what is new for the launcher, bring it in, and have the news explained."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from litestar import Controller, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response import Stream

from blocks.launcher_news import faults_of_news
from blocks.ledger.runs import latest_runs
from blocks.ledger.seen import Sight, read_seen
from blocks.model_files import mapping
from gateway.api.runs import STREAM_HEADERS, Started, started
from gateway.explain import Explain
from gateway.models import Models
from gateway.problem import Problem
from gateway.records import Records
from gateway.swaps import Swaps
from gateway.watch import Watch

UPDATES = "updates/"
"""Subjects of the ledger under which the observer writes each host's image and the launcher's news."""

UPDATE = "update-launcher/cluster"


class Apply(msgspec.Struct, forbid_unknown_fields=True):
    """
    How to update.

    Attributes:
        dry_run: Only say what would be done.
        approval: `ask`: the run waits for a go with its plan.
        back: Put the image from before the last update back instead.
        lock_token: Of the swap lock, when the caller holds it.
    """

    dry_run: bool = False
    approval: Literal["none", "ask"] = "none"
    back: bool = False
    lock_token: str | None = None


class ImageView(msgspec.Struct):
    """The engine's image on one host as it was seen `age_seconds` ago; blank where there is none."""

    host: str
    age_seconds: float
    image: str
    image_id: str
    created: str
    error: str


class UpdatesView(msgspec.Struct):
    """
    What is new.

    Attributes:
        behind, ahead: Commits that only upstream has, and that only the checkout has; null: not known.
        commits: The former, newest first: `id`, `at` (seconds since 1970), `subject`, `body`.
        head, branch: Where the checkout is.
        dirty: Files with local changes.
        why: Sentences on why it cannot be updated; empty when it can.
        same_image: Every host was seen to have the same image.
        run: Id of the latest update's run.
    """

    behind: int | None
    ahead: int | None
    commits: list[dict[str, Any]]
    head: str
    branch: str
    dirty: list[str]
    why: list[str]
    same_image: bool
    images: list[ImageView]
    run: str | None


class UpdatesApi(Controller):
    """Updates of the launcher."""

    path = "/api/updates"
    tags = ("updates",)

    @get("/")
    async def news(self, records: NamedDependency[Records], watch: NamedDependency[Watch]) -> UpdatesView:
        """What the observer saw at its last look, an hour old at most."""
        sights = await _sights(records, watch)
        told = _launcher(sights)
        images = [_image(host, sight) for host, sight in sights.items()]
        runs = await records.ask(latest_runs, "update", 1)
        return UpdatesView(
            behind=told.get("behind"),
            ahead=told.get("ahead"),
            commits=list(told.get("commits") or ()),
            head=str(told.get("head") or ""),
            branch=str(told.get("branch") or ""),
            dirty=list(told.get("dirty") or ()),
            why=_why(told),
            same_image=_is_same(images, len(watch.settings.cluster.hosts)),
            images=images,
            run=runs[0].id if runs else None,
        )

    @post("/apply", status_code=202)
    async def apply(self, data: JSONBody[Apply], swaps: NamedDependency[Swaps]) -> Started:
        """Ask for an update: pull, build, copy to every host; 423 while another holds the swap lock."""
        lock_pass = await swaps.lock_pass(UPDATE, data.lock_token)
        parameters = {"dry_run": data.dry_run, "approval": data.approval, "back": data.back}
        run = await swaps.start_other(UPDATE, {**parameters, "lock_pass": lock_pass})
        return started(run)

    @post("/explain", status_code=200)
    async def explain(
        self,
        records: NamedDependency[Records],
        watch: NamedDependency[Watch],
        models: NamedDependency[Models],
        explain: NamedDependency[Explain],
    ) -> Response[Any]:
        """The loaded model's own event stream on the pending commits; 409 when no model is loaded."""
        commits = list(_launcher(await _sights(records, watch)).get("commits") or ())
        if not commits:
            raise Problem(409, "the launcher has no new commits to explain", "nothing_new")
        if not watch.loaded:
            raise Problem(409, "no model is loaded that could explain the commits", "no_model")
        recipe = models.loaded_recipe()
        said = await explain.stream(commits, recipe.served if recipe else watch.loaded[0])
        # A stream that was never begun, because its client had left, gives nothing back by itself.
        end = BackgroundTask(said.close)
        return Stream(said.events, media_type="text/event-stream", headers=STREAM_HEADERS, background=end)


async def _sights(records: Records, watch: Watch) -> dict[str, Sight]:
    """What was seen last of each host of the cluster, by host; the one that launches comes first."""
    seen = await records.ask(read_seen, UPDATES)
    head = watch.vllm.host if watch.vllm else ""
    names = sorted(
        (host.name for host in watch.settings.cluster.hosts), key=lambda name: (name != head, name)
    )
    return {name: seen[UPDATES + name] for name in names if UPDATES + name in seen}


def _is_same(images: list[ImageView], hosts: int) -> bool:
    identities = {image.image_id for image in images}
    return len(images) == hosts and len(identities) == 1 and "" not in identities


def _launcher(sights: Mapping[str, Sight]) -> Mapping[str, Any]:
    """What was seen of the checkout; empty when nothing was."""
    return next((told for sight in sights.values() if (told := mapping(sight.data.get("launcher")))), {})


def _why(told: Mapping[str, Any]) -> list[str]:
    if not told:
        return ["the launcher has not been looked at yet"]
    fault, error = str(told.get("fault") or ""), str(told.get("error") or "")
    return faults_of_news(fault, error, told.get("dirty") or (), told.get("ahead"))


def _image(host: str, sight: Sight) -> ImageView:
    seen = [str(sight.data.get(name) or "") for name in ("image", "image_id", "image_created", "error")]
    return ImageView(host, round(sight.age_seconds, 1), *seen)
