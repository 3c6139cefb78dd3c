"""free-memory: give a host memory back before it freezes."""

from typing import Annotated, Literal

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from blocks.ledger.store import Ledger
from blocks.settings import ledger_url, load_settings
from blocks.words import Name
from tasks.approval import has_a_go
from tasks.free_memory import Relief, free
from tasks.outcome import failure_told
from tasks.report import Report, own_name
from tasks.run_form import Approval, DryRun, LockPass, Reason, titled


@flow(name="free-memory", flow_run_name=own_name)
def free_memory(
    host: Annotated[Name, titled("Host")],
    action: Annotated[Literal["drop_caches", "stop_engine"], titled("What to give up")] = "drop_caches",
    dry_run: DryRun = False,
    approval: Approval = "none",
    reason: Reason = "",
    lock_pass: LockPass = "",
) -> str:
    """
    Free memory of a host: drop its page cache, or stop the engine.

    The memory guard starts it when a host is about to run out of memory.  While its alert stands, the swap
    lock of another does not keep the engine, for a host that freezes serves nobody; a swap under way does.

    Args:
        host: The host that is short of memory.
        action: drop_caches: forget cached files (needs a right on the host). stop_engine: unload the model.
        dry_run: Only say what would be done; nothing is changed.
        approval: none: begin at once. ask: show what would be done, and wait for a go.
        reason: Why, for people; kept with the run.
        lock_pass: Filled in over HTTP for whoever holds the swap lock; leave it blank.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", host, kind="memory")
    report.start(None)
    left = "What was begun on the host goes on there; the dashboard shows how its memory is now."
    with failure_told(report, f"Memory of {host} was not freed", left):
        settings = load_settings(ledger)
        relief = Relief(settings, ledger, report, settings.cluster.host(host), action, reason, lock_pass)
        message = carry_out(relief, dry_run=dry_run, approval=approval)
    report.end("completed", message)
    get_run_logger().info(message)
    return message


def carry_out(relief: Relief, *, dry_run: bool, approval: str) -> str:
    """Look, ask, act; returns what came of it."""
    relief.look()
    said = relief.sentences()
    relief.report.state("running", plan=said)
    if dry_run:
        return "Dry run: " + " ".join(said)
    if approval == "ask" and not has_a_go(relief.report, said):
        return "No go: nothing was changed."
    return free(relief)
