"""restart-bot: restart the bot's containers as they are."""

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from blocks.ledger.store import Ledger
from blocks.settings import ledger_url, load_settings
from tasks.approval import has_a_go
from tasks.bot import BotWork, restart
from tasks.outcome import failure_told
from tasks.report import Report, own_name
from tasks.run_form import Approval, DryRun


@flow(name="restart-bot", flow_run_name=own_name)
def restart_bot(dry_run: DryRun = False, approval: Approval = "none") -> str:
    """
    Restart the bot's containers, and look until they run.

    Args:
        dry_run: Only say what would be done; nothing is changed.
        approval: none: begin at once. ask: show the plan, and wait for a go.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", "bot", kind="bot")
    report.start(None)
    with failure_told(report, "The bot was not restarted", "Look at the bot, and restart it again."):
        work = BotWork(load_settings(ledger), ledger, report)
        message = carry_out(work, dry_run=dry_run, approval=approval)
    report.end("completed", message)
    get_run_logger().info(message)
    return message


def carry_out(work: BotWork, *, dry_run: bool, approval: str) -> str:
    """Look, plan, ask, act; returns what came of it."""
    names = ", ".join(one.name for one in work.look(fetch=False).containers)
    plan = [f"Restart the bot's containers on {work.host.name}: {names or 'there are none'}."]
    work.report.state("running", plan=plan)
    if dry_run:
        return "Dry run: " + plan[0]
    if approval == "ask" and not has_a_go(work.report, plan):
        return "No go: nothing was changed."
    return restart(work)
