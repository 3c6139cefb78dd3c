"""wake-host: switch a sleeping host on over the network."""

from typing import Annotated

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from blocks.ledger.store import Ledger
from blocks.settings import ledger_url, load_settings
from blocks.words import Name
from tasks.approval import has_a_go
from tasks.outcome import failure_told
from tasks.report import Report, own_name
from tasks.run_form import Approval, DryRun, titled
from tasks.wake import Wake, wake_up


@flow(name="wake-host", flow_run_name=own_name)
def wake_host(
    host: Annotated[Name, titled("Host")], dry_run: DryRun = False, approval: Approval = "none"
) -> str:
    """
    Wake a host with a magic packet, and wait until it answers.

    The packet is sent from the other hosts, which stand in the same network, then from the controller.

    Args:
        host: The host that sleeps.
        dry_run: Only say what would be done; no packet is sent.
        approval: none: begin at once. ask: show the plan, and wait for a go.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", host, kind="wake")
    report.start(None)
    with failure_told(report, f"{host} was not woken", f"{host} may wake up all the same."):
        cluster = load_settings(ledger).cluster
        waking = Wake(cluster, ledger, report, cluster.host(host))
        message = carry_out(waking, dry_run=dry_run, approval=approval)
    report.end("completed", message)
    get_run_logger().info(message)
    return message


def carry_out(waking: Wake, *, dry_run: bool, approval: str) -> str:
    """Look, plan, ask, act; returns what came of it."""
    if waking.look():
        return f"{waking.host.name} is awake already: it answers over SSH."
    sentences = waking.sentences()
    waking.report.state("running", plan=sentences)
    if dry_run:
        return "Dry run: " + " ".join(sentences)
    if approval == "ask" and not has_a_go(waking.report, sentences):
        return "No go: no packet was sent."
    return wake_up(waking)
