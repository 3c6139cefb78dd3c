"""show-bot-logs: the last lines of the bot's containers."""

from typing import Annotated

from prefect import flow
from prefect.runtime import flow_run
from pydantic import Field

from blocks.ledger.store import Ledger
from blocks.settings import ledger_url, load_settings
from tasks.bot import MOST_LINES, BotWork
from tasks.outcome import failure_told
from tasks.report import Report, own_name
from tasks.run_form import titled


@flow(name="show-bot-logs", flow_run_name=own_name)
def show_bot_logs(tail: Annotated[int, Field(ge=1, le=MOST_LINES), titled("Lines")] = 200) -> str:
    """
    Read the bot's log; nothing is changed.

    Args:
        tail: How many of the last lines of each container.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", "bot", kind="logs")
    report.start(None)
    with failure_told(report, "The bot's log was not read", "Nothing was changed."):
        work = BotWork(load_settings(ledger), ledger, report)
        message = work.logs(tail)
        work.look(fetch=False)
    report.end("completed", message)
    return message
