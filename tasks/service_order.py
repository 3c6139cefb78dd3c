"""An order to start, stop or restart a service, from its plan to its result: what the three flows share."""

from dataclasses import dataclass
from typing import Literal

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from blocks.cluster import Service
from blocks.ledger.lock import LockHeld, require_lock
from blocks.ledger.store import Ledger
from blocks.settings import ledger_url, load_settings
from blocks.telling import tell
from tasks import service
from tasks.approval import has_a_go
from tasks.outcome import failure_told
from tasks.report import Report
from tasks.service_engine import engine_hosts
from tasks.steward import ServiceFailed, Steward

Verb = Literal["start", "stop", "restart"]

DONE: dict[Verb, str] = {"start": "started", "stop": "stopped", "restart": "restarted"}
_ACTS = {"start": service.start, "stop": service.stop, "restart": service.restart}


@dataclass(frozen=True)
class Order:
    """What a person asked for, as the flows' parameters have it."""

    verb: Verb
    service: str
    reason: str
    dry_run: bool
    approval: str
    lock_pass: str


def carry_out(order: Order) -> str:
    """Plan, ask, act; returns what came of it, `outcome.Failed` when it did not work."""
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", order.service, kind=order.verb)
    report.start(None)
    left = f"Whether {order.service} runs now is not certain: look at it before you go on."
    with failure_told(report, f"{order.service} was not {DONE[order.verb]}", left):
        settings = load_settings(ledger)
        steward = Steward(
            settings, ledger, report, settings.cluster.service(order.service), order.reason, order.lock_pass
        )
        message = _planned(report, steward, order) or _done(steward, order)
    report.end("completed", message)
    get_run_logger().info(message)
    return message


@task(name="act on service", task_run_name="{verb} {steward.service.name}", cache_policy=NO_CACHE)
def act_on(verb: Verb, steward: Steward) -> str:
    """Start, stop or restart it; never retried, since it may have been done."""
    return _ACTS[verb](steward)


def sentences(verb: Verb, wanted: Service, hosts: list[str]) -> list[str]:
    """The plan in plain words (pure)."""
    if wanted.kind == "vllm" and hosts:
        where = " and ".join(hosts)
        if verb == "stop":
            return ["Let the answers under way end.", f"Stop the engine on {where}; no model is loaded then."]
        return ["Load the model that was loaded last, by a swap of its own, and wait until it answers."]
    act = f"{verb.capitalize()} container {wanted.container} on {wanted.host}."
    return [act, "See that it has ended."] if verb == "stop" else [act, f"Wait until {wanted.name} answers."]


def _planned(report: Report, steward: Steward, order: Order) -> str:
    """Say the plan; returns why it ends here, blank when there is a go."""
    hosts = [host.name for host in engine_hosts(steward)] if steward.is_engine else []
    plan = sentences(order.verb, steward.service, hosts)
    report.state("running", plan=plan)
    if order.dry_run:
        return "Dry run: " + " ".join(plan)
    if order.approval == "ask" and not has_a_go(report, plan):
        return "No go: nothing was changed."
    return ""


def _done(steward: Steward, order: Order) -> str:
    """Act on it within the swap lock; whoever presses takes up again what was given up."""
    # A swap that loads the engine's model meets the lock itself, and needs the pass for it.
    if steward.service.uses_gpu and (order.verb == "stop" or not steward.is_engine):
        try:
            require_lock(steward.ledger, order.lock_pass)
        except LockHeld as error:
            raise ServiceFailed(f"nothing was changed: {error}") from error
    if order.verb != "stop":
        steward.note("reset")
    said = act_on(order.verb, steward)
    if order.verb == "restart":
        about = {"service": order.service, "kind": steward.service.kind, "host": steward.service.host}
        why = order.reason or "restarted by hand"
        data = {**about, "why": why, "reason": order.reason, "run": steward.report.run_id}
        tell(steward.ledger, steward.settings, "service_restarted", data)
    return said
