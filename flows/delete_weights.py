"""delete-weights: free the disks of a model that is not needed any more."""

from typing import Annotated

from prefect import flow, get_run_logger
from prefect.exceptions import Pause
from prefect.runtime import flow_run

from blocks.ledger.claim import Claimed, claim
from blocks.ledger.store import Ledger
from blocks.settings import ledger_url, load_settings
from blocks.words import ModelSource, Name
from tasks.approval import has_a_go
from tasks.check import CheckFailed, Unreadable
from tasks.delete import Deletion, DeletionRefused, claimed_words
from tasks.download import ALL, hosts_named, weights_claim
from tasks.outcome import end_early
from tasks.report import Report, own_name
from tasks.run_form import Approval, DryRun, titled
from tasks.ssh import OutputTooLong, Unreachable

FAILURES = (DeletionRefused, Unreachable, Unreadable, CheckFailed, OutputTooLong, LookupError)


@flow(name="delete-weights", flow_run_name=own_name)
def delete_weights(
    model: Annotated[ModelSource, titled("Model")],
    hosts: Annotated[list[Name], titled("Hosts")] = [ALL],  # noqa: B006 - the form shows it; nobody changes it
    dry_run: DryRun = False,
    approval: Approval = "none",
) -> str:
    """
    Delete a model's weights from the disks.

    Refused for the loaded model, while a swap is under way, and while the model is being downloaded.

    Args:
        model: The model to delete, by its repository (org/name) or its folder (~/models/name).
        hosts: The hosts to free; all: every host.
        dry_run: Only say what would come free; nothing is deleted.
        approval: none: begin at once. ask: show what would come free, and wait for a go.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", model, kind="delete")
    report.start(None)
    deletion: Deletion | None = None
    try:
        settings = load_settings(ledger)
        deletion = Deletion(settings, ledger, report, model, hosts_named(settings.cluster, hosts))
        message = carry_out(deletion, dry_run=dry_run, approval=approval)
    except FAILURES as error:
        message = f"{model} was not deleted: {error}.{so_far(deletion)}"
        report.end("failed", message, cause=str(error), freed=deletion.freed if deletion else {})
        raise DeletionRefused(message) from error
    except Pause:
        raise
    except BaseException as error:
        end_early(report, error, so_far(deletion).strip() or "Nothing was deleted.")
        raise
    report.end("completed", message, freed=deletion.freed)
    get_run_logger().info(message)
    return message


def carry_out(deletion: Deletion, *, dry_run: bool, approval: str) -> str:
    """Plan, ask, act; returns what came of it."""
    if dry_run or approval == "ask":
        deletion.look()
        said = deletion.sentences()
        deletion.report.state("running", plan=said)
        if dry_run:
            return "Dry run: " + " ".join(said)
        if not has_a_go(deletion.report, said):
            return "No go: nothing was deleted."
    ledger, run_id = deletion.ledger, deletion.report.run_id
    try:
        # No swap may begin on weights that are being deleted: it finds the GPU taken for these seconds.
        # A claim that is lost ends nothing: what was begun on a host goes to its end there in any case.
        with (
            claim(ledger, "gpu", run_id, on_lost=lambda: None),
            claim(ledger, weights_claim(deletion.model), run_id, on_lost=lambda: None),
        ):
            deletion.look()
            deletion.report.state("running", plan=deletion.sentences())
            return deletion.delete()
    except Claimed as error:
        raise DeletionRefused(claimed_words(ledger, error)) from error


def so_far(deletion: Deletion | None) -> str:
    """What was deleted before it broke off."""
    if deletion is None or not deletion.freed:
        return ""
    return f" It is deleted on {' and '.join(deletion.freed)}."
