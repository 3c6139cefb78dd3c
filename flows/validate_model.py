"""validate-model: find out whether a model would start, without stopping or changing anything."""

import time
import uuid
from dataclasses import asdict
from typing import Annotated

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from blocks.ledger.claim import holder
from blocks.ledger.store import Ledger
from blocks.recipe import Recipe
from blocks.settings import Settings, ledger_url, load_settings
from blocks.words import Name
from tasks.artifacts import Artifact
from tasks.check import Unreadable
from tasks.findings import PreflightFinding, as_table, bad, in_words, unseen
from tasks.launch import plan_launch
from tasks.markdown import plain
from tasks.preflight import ask_at_once, examine
from tasks.report import Report, own_name
from tasks.run_form import titled
from tasks.run_pages import headline
from tasks.situation import look_around
from tasks.ssh import Unreachable

FAILURES = (LookupError, Unreachable, Unreadable)


@flow(name="validate-model", flow_run_name=own_name)
def validate_model(model: Annotated[Name, titled("Model")]) -> str:
    """
    Say whether a model would start, and if not, why and what to do.

    Looks at image, files, weights, arguments, memory, port and disk of every host that the model needs.
    Nothing is stopped or changed, and it may run while another model is being loaded.

    Args:
        model: The model in question, by its key in the menu.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", model, kind="validate")
    report.start(None)
    began = time.monotonic()
    try:
        settings = load_settings(ledger)
        recipe = settings.catalog.recipe(model)
        findings = findings_now(settings, recipe, ledger)
    except FAILURES as error:
        report.end("failed", f"It cannot be told: {error}.")
        raise
    message = in_words(recipe.title, findings)
    text = f"# {plain(recipe.title)}\n\n{plain(message)}\n\n{as_table(findings)}"
    report.show(Artifact("preflight", "markdown", headline(message), text))
    told = [asdict(finding) for finding in findings]
    startable = not any(finding.prevents for finding in findings)
    report.end("completed", message, startable=startable, findings=told, seconds=time.monotonic() - began)
    get_run_logger().info(message)
    return message


def findings_now(settings: Settings, recipe: Recipe, ledger: Ledger) -> list[PreflightFinding]:
    """What a preflight finds now."""
    cluster = settings.cluster
    situation = look_around(cluster, settings.catalog, ledger)
    head = situation.sights.get(cluster.vllm.host)
    if head is None:
        why = situation.unreachable[cluster.vllm.host]
        return [bad(cluster.vllm.host, "host", f"{cluster.vllm.host} cannot be reached: {why}")]
    plan = plan_launch(cluster, recipe, str(uuid.uuid4()), head.home, situation.places)
    findings = examine(cluster, plan, situation, ledger, ask_at_once).findings
    swapping = holder(ledger, "gpu")
    return [in_motion(finding) if swapping else finding for finding in findings]


def in_motion(finding: PreflightFinding) -> PreflightFinding:
    """What is seen of memory while a model is being loaded says nothing about afterwards."""
    if finding.about != "memory":
        return finding
    return unseen(
        finding.host, "memory", f"another run is changing the GPU: memory of {finding.host} is moving"
    )
