"""update-launcher: bring the launcher's checkout and its image up to date, or take the image back."""

from typing import Annotated

from prefect import flow, get_run_logger
from prefect.exceptions import Pause
from prefect.runtime import flow_run

from blocks.ledger.claim import Claimed, claim
from blocks.ledger.lock import LockHeld, require_lock
from blocks.ledger.store import Ledger
from blocks.settings import ledger_url, load_settings
from tasks.approval import has_a_go
from tasks.check import CheckFailed, Unreadable
from tasks.outcome import end_early
from tasks.report import Report, own_name
from tasks.run_form import Approval, DryRun, LockPass, titled
from tasks.ssh import OutputTooLong, Unreachable
from tasks.updated_image import last_update, take_back
from tasks.updates import Update, UpdateFailed

FAILURES = (
    UpdateFailed, Claimed, LockHeld, Unreachable, Unreadable, CheckFailed, OutputTooLong, LookupError
)  # fmt: skip


@flow(name="update-launcher", flow_run_name=own_name)
def update_launcher(
    dry_run: DryRun = False,
    approval: Approval = "none",
    back: Annotated[bool, titled("Take the last update back")] = False,
    lock_pass: LockPass = "",
) -> str:
    """
    Update the launcher: pull its news, build the image, copy it to every host.

    The loaded model goes on answering.  Refused while the checkout has local changes or a swap runs.  The
    image from before is kept; when the next swap fails, it is put back by itself.

    Args:
        dry_run: Only say what would be done; nothing is changed.
        approval: none: begin at once. ask: show the plan, and wait for a go.
        back: Put the image from before the last update back instead.
        lock_pass: Filled in over HTTP for whoever holds the swap lock; leave it blank.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", "launcher", kind="update")
    report.start(None)
    try:
        require_lock(ledger, lock_pass)
        update = Update(load_settings(ledger).cluster, ledger, report)
        message = put_back(update) if back else carry_out(update, dry_run=dry_run, approval=approval)
    except FAILURES as error:
        message = f"The launcher was not updated: {error}"
        report.end("failed", message, cause=str(error))
        raise UpdateFailed(message) from error
    except Pause:
        raise
    except BaseException as error:
        end_early(report, error, "What was begun on the host goes on there; look again before the next swap.")
        raise
    report.end("completed", message)
    get_run_logger().info(message)
    return message


def carry_out(update: Update, *, dry_run: bool, approval: str) -> str:
    """Look, plan, ask, act; returns what came of it."""
    if dry_run or approval == "ask":
        update.look()
        sentences = update.sentences()
        update.report.state("running", plan=sentences)
        if dry_run:
            return "Dry run: " + " ".join(sentences)
        if not has_a_go(update.report, sentences):
            return "No go: nothing was changed."
    with claim(update.ledger, "gpu", update.report.run_id, on_lost=lambda: None):
        update.look()
        update.report.state("running", plan=update.sentences())
        return update.apply()


def put_back(update: Update) -> str:
    """Take the last update's image back, by hand."""
    updated = last_update(update.ledger)
    if updated is None:
        return "There was no update whose image could be taken back."
    with claim(update.ledger, "gpu", update.report.run_id, on_lost=lambda: None):
        return take_back(update.ledger, updated, update.cluster.hosts)
