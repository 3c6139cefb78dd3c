"""One swap under way: the steps that the flow puts in order, and what they need to know of each other."""

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prefect.exceptions import TerminationSignal

from blocks.cluster import Host
from blocks.ledger.launches import last_launch, usual_seconds
from blocks.ledger.runs import RunState
from blocks.ledger.service_events import note_service_event
from blocks.ledger.store import Ledger
from blocks.recipe import Recipe
from blocks.settings import Settings
from tasks.check import CheckFailed, Unreadable
from tasks.diagnosis import Diagnosis, diagnose
from tasks.drain import Drain
from tasks.follow import Follower, StartFailed
from tasks.launch import LaunchPlan, plan_launch
from tasks.plan import plan_sentences
from tasks.preflight import Preflight, PreflightFailed, preflight
from tasks.report import Report
from tasks.sight import NO_DOCKER
from tasks.situation import Situation, look_around
from tasks.ssh import Unreachable
from tasks.start import let_end, save_logs, start, stop, stop_without_prefect
from tasks.updated_image import mark_tried, take_back_untried

FAILURES = (StartFailed, CheckFailed, Unreachable, Unreadable)
"""What may go wrong once the old model has been stopped, and is answered by putting it back."""


class SwapFailed(Exception):
    """A swap that did not come to its end; the message is for people."""


@dataclass
class Swap:
    """
    One swap.

    Attributes:
        situation: What was there at the last look.
        touched: True from the moment on when something may have been stopped.
        lost: True when another run took the GPU over: this one must not touch it any more.
        rolled_back: True when it failed, and the previous model was started again and answers.
    """

    settings: Settings
    ledger: Ledger
    report: Report
    recipe: Recipe
    log_folder: Path
    situation: Situation = field(default_factory=Situation)
    touched: bool = False
    lost: bool = False
    rolled_back: bool = False

    @property
    def expected_seconds(self) -> float:
        """How long it usually takes: measured here before, else the recipe's word."""
        measured = usual_seconds(self.ledger, self.recipe.key)
        return measured or float(self.recipe.expected_seconds)

    @property
    def nothing_to_do(self) -> bool:
        """True when the model is loaded just as its recipe says, and answers."""
        return self.situation.serves(self.recipe)

    @property
    def loaded_now(self) -> str | None:
        """Title of the model that answered at the last look."""
        previous = self.situation.previous
        return previous.title if previous and previous.served in self.situation.serving else None

    def look(self) -> None:
        """See what is there now."""
        self.report.phase("looking", "looking at the hosts", 0.01)
        self.situation = look_around(self.settings.cluster, self.settings.catalog, self.ledger)
        previous = self.situation.previous
        self.report.previous(previous.key if previous else None)

    def plan(self, recipe: Recipe) -> LaunchPlan:
        """The launch of a recipe here and now."""
        cluster = self.settings.cluster
        sight = self.situation.sights.get(cluster.vllm.host)
        if sight is None:
            why = self.situation.unreachable.get(cluster.vllm.host, "it was not looked at")
            raise PreflightFailed([f"{cluster.vllm.host} cannot be reached: {why}"])
        return plan_launch(cluster, recipe, str(uuid.uuid4()), sight.home, self.situation.places)

    def preflight(self, plan: LaunchPlan) -> Preflight:
        """Find out what would fail, while nothing has been changed."""
        self.report.phase("preflight", "checking image, weights, memory and arguments", 0.03)
        self._require_engine_hosts()
        return preflight(self.settings.cluster, plan, self.situation, self.ledger)

    def sentences(self, plan: LaunchPlan, found: Preflight) -> list[str]:
        """The plan in plain words."""
        return plan_sentences(
            self.settings.cluster, plan, self.situation, found.memory_gib, self.expected_seconds
        )

    def drain(self) -> None:
        """Let the answers under way end, within the time they are given; nothing has been stopped yet."""
        cluster, serving = self.settings.cluster, self.situation.serving
        if not cluster.drain_seconds or not (serving or self.situation.engine_hosts):
            return
        model, url = serving[0] if serving else "", cluster.base_url(cluster.vllm)
        # From this phase on the gateway gives the old model no more requests: it comes before the first look.
        self._tell_draining("looking for answers under way")
        self._tell_draining(let_end(Drain(url, model, cluster.drain_seconds, self._tell_draining)))

    def stop_present(self, why: str) -> None:
        """Stop the engine wherever it is, and where the new one will be."""
        self.touched = True
        hosts = self._hosts_to_clear()
        self.report.phase("stopping", "stopping what runs now", 0.06)
        if self.situation.engine_hosts:
            self.keep_logs("before")
        stop(hosts, self.settings.cluster.vllm.container, self.ledger, why)

    def start(self, plan: LaunchPlan, found: Preflight, *, progress_from: float = 0.12) -> None:
        """Start a model and wait until it answers."""
        self.report.phase("waiting for memory", "waiting for free and steady memory", 0.1)
        cluster = self.settings.cluster
        follower = Follower(
            plan=plan,
            report=self.report,
            base_url=cluster.base_url(cluster.vllm),
            expected_seconds=self.expected_seconds,
            silence_seconds=cluster.silence_seconds,
            progress_from=progress_from,
            progress_to=1.0,
        )
        # Whoever loads a model wants the engine to run, also when somebody had stopped it on purpose.
        why = f"loading {plan.recipe.key}"
        note_service_event(self.ledger, cluster.vllm.name, "started", why, self.report.run_id)
        start(follower, self.ledger, found.image_id, found.revision, found.memory_gib)
        mark_tried(self.ledger, found.image_id)

    def keep_logs(self, name: str) -> dict[str, list[tuple[str, str]]]:
        """Save the engine's logs of every reachable host."""
        container = self.settings.cluster.vllm.container
        return save_logs(self._reachable_hosts(), container, self.log_folder / name)

    def diagnose(self, error: Exception) -> Diagnosis:
        """Save the logs of the failed start and find its cause in them."""
        logs = self.keep_logs("failed")
        found = diagnose(logs)
        if found and not isinstance(error, CheckFailed):
            return found
        advice = "Look at the logs that were saved, and at the host itself."
        return Diagnosis(str(error), advice)

    def put_back(self) -> str:
        """Start the previous model again; returns, in plain words, what is loaded now."""
        self.stop_present("its start failed")
        image = self._image_back()
        return f"{self._previous_back()}{image}"

    def leave_known_state(self, reason: BaseException) -> None:
        """After a cancel or an unforeseen error: stop a half-started model and say what is loaded."""
        cancelled = isinstance(reason, TerminationSignal)
        state: RunState = "cancelled" if cancelled else "failed"
        why = "Cancelled" if cancelled else f"Broken off by an unforeseen error ({reason!r})"
        if self.lost:
            self.report.end(state, f"{why}: another run took over, and decides what is loaded.")
            return
        if not self.touched:
            self.report.end(state, f"{why} before anything was changed.")
            return
        container = self.settings.cluster.vllm.container
        doubts = stop_without_prefect(self._hosts_to_clear(), container, self.ledger, why)
        loaded = "No model is loaded." if not doubts else f"It is not certain what runs: {'; '.join(doubts)}."
        previous = self.situation.previous
        advice = f"Switch to {previous.title} to have it back." if previous else "Switch to a model."
        self.report.end(state, f"{why} in the middle of the swap. {loaded}", now_loaded=None, advice=advice)

    def _image_back(self) -> str:
        """The first start after an update of the launcher failed: go back to the image from before."""
        launch = last_launch(self.ledger)
        if launch is None:
            return ""
        said = take_back_untried(self.ledger, self.settings.cluster.hosts, launch.image_id)
        return f" {said}" if said else ""

    def _previous_back(self) -> str:
        previous = self.situation.previous
        if previous is None:
            return "No model is loaded."
        if previous.key == self.recipe.key and previous == self.recipe:
            return f"No model is loaded: {previous.title} is the one that failed to start."
        self.report.phase("putting back", f"starting {previous.title} again", 0.5)
        plan = self.plan(previous)
        found = self.preflight(plan)
        self.start(plan, found, progress_from=0.5)
        self.rolled_back = True
        return f"{previous.title} is loaded again and answers."

    def _tell_draining(self, message: str) -> None:
        self.report.phase("draining", message, 0.05)

    def _hosts_to_clear(self) -> list[Host]:
        """Hosts where the new model will run, and those that hold the present one."""
        cluster = self.settings.cluster
        launch = self.situation.launch
        names = {host.name for host in cluster.hosts_for(self.recipe.hosts)}
        names |= set(self.situation.engine_hosts) | set(launch.hosts if launch else ())
        return [host for host in cluster.hosts if host.name in names]

    def _reachable_hosts(self) -> list[Host]:
        return [host for host in self.settings.cluster.hosts if host.name in self.situation.sights]

    def _require_engine_hosts(self) -> None:
        """A part of the present model on a host that cannot be reached could not be stopped."""
        away = [host for host in self._hosts_to_clear() if host.name in self.situation.unreachable]
        if away:
            raise PreflightFailed(
                [f"{host.name} cannot be reached: {self.situation.unreachable[host.name]}" for host in away]
            )
        for name in {host.name for host in self._hosts_to_clear()}:
            fault = self.situation.sights[name].docker_fault
            if fault and not (fault == NO_DOCKER and self.recipe.launcher == "venv"):
                raise PreflightFailed([f"{name}: {fault}"])


def result_details(diagnosis: Diagnosis, now_loaded: str, folder: Path) -> dict[str, Any]:
    """What the result of a failed swap tells beside its message."""
    return {
        "cause": diagnosis.cause,
        "advice": diagnosis.advice,
        "line": diagnosis.line,
        "host": diagnosis.host,
        "now_loaded": now_loaded,
        "logs": str(folder),
    }
