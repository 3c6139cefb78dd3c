"""reapply-patches: put our files into the speech container, and restart it with them."""

from typing import Annotated

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from blocks.ledger.claim import Claimed, claim
from blocks.ledger.lock import LockHeld, require_lock
from blocks.ledger.store import Ledger
from blocks.settings import ledger_url, load_settings
from tasks.approval import has_a_go
from tasks.delete import claimed_words
from tasks.outcome import Failed, failure_told
from tasks.patches import Patching, apply
from tasks.report import Report, own_name
from tasks.run_form import Approval, DryRun, LockPass, titled
from tasks.service import service_claim


@flow(name="reapply-patches", flow_run_name=own_name)
def reapply_patches(
    dry_run: DryRun = False,
    approval: Approval = "none",
    any_base: Annotated[bool, titled("Also replace unknown files")] = False,
    *,
    lock_pass: LockPass = "",
) -> str:
    """
    Put our patches into the speech container where they are not in place, and restart it with them.

    Files are compared by SHA-256; what was there before is kept beside each file.  The container's own Python
    is asked whether it takes the files.  If the service does not come up, all is put back as it was.

    Args:
        dry_run: Only compare, and say what would be done.
        approval: none: begin at once. ask: show the plan, and wait for a go.
        any_base: Also replace files that these patches were not made for; look at the plan first.
        lock_pass: Filled in over HTTP for whoever holds the swap lock; leave it blank.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", "speech container", kind="patches")
    report.start(None)
    left = "Whether the patches are in place is not certain: apply them again."
    with failure_told(report, "The patches were not applied as planned", left):
        patching = Patching(load_settings(ledger), ledger, report, any_base)
        message = carry_out(patching, dry_run=dry_run, approval=approval, lock_pass=lock_pass)
    report.end("completed", message)
    get_run_logger().info(message)
    return message


def carry_out(patching: Patching, *, dry_run: bool, approval: str, lock_pass: str) -> str:
    """Look, plan, ask, act; returns what came of it."""
    patching.look()
    sentences = patching.sentences()
    patching.report.state("running", plan=sentences)
    if dry_run:
        return "Dry run: " + " ".join(sentences)
    if not patching.due:
        return " ".join(sentences)
    if approval == "ask" and not has_a_go(patching.report, sentences):
        return "No go: nothing was changed."
    ledger, name = patching.ledger, patching.check.service.name
    try:
        require_lock(ledger, lock_pass)
        with claim(ledger, service_claim(name), patching.report.run_id, on_lost=lambda: None):
            patching.look()
            return apply(patching)
    except LockHeld as error:
        raise Failed(f"nothing was changed: {error}") from error
    except Claimed as error:
        raise Failed(claimed_words(ledger, error)) from error
