"""update-bot: bring the bot to the state of its branch, and start its containers."""

from typing import Annotated

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from blocks.ledger.store import Ledger
from blocks.settings import ledger_url, load_settings
from tasks.approval import has_a_go
from tasks.bot import BotWork, update
from tasks.outcome import Failed, failure_told
from tasks.report import Report, own_name
from tasks.run_form import Approval, DryRun, titled


@flow(name="update-bot", flow_run_name=own_name)
def update_bot(
    dry_run: DryRun = False,
    approval: Approval = "none",
    build: Annotated[bool, titled("Build the images anew")] = False,
) -> str:
    """
    Update the bot: fetch, reset its checkout to its branch, start its containers.

    It runs as the bot's own user.  Local changes are named in the plan and saved as a patch before they are
    undone; files that git does not know stay.

    Args:
        dry_run: Only say what would be done; the checkout and the containers stay as they are.
        approval: none: begin at once. ask: show the plan, and wait for a go.
        build: Also build the bot's images, which takes some minutes more.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", "bot", kind="bot")
    report.start(None)
    with failure_told(report, "The bot was not updated", "Look at the bot, and update it again."):
        work = BotWork(load_settings(ledger), ledger, report)
        message = carry_out(work, dry_run=dry_run, approval=approval, build=build)
    report.end("completed", message)
    get_run_logger().info(message)
    return message


def carry_out(work: BotWork, *, dry_run: bool, approval: str, build: bool) -> str:
    """Look, plan, ask, act; returns what came of it."""
    work.prepare()
    sentences = work.sentences(build=build)
    work.report.state("running", plan=sentences)
    if dry_run:
        return "Dry run: " + " ".join(sentences)
    if approval == "ask" and not has_a_go(work.report, sentences):
        return "No go: nothing was changed."
    try:
        return update(work, build=build)
    except Failed as error:
        raise Failed(f"{str(error).rstrip('.')}. {work.left}") from error
