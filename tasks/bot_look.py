"""One look at the bot, written down for the dashboard; without Prefect, so that the observer can look too."""

from blocks.bot import BOT
from blocks.ledger import clock
from blocks.ledger.seen import read_seen, write_seen
from blocks.ledger.store import Ledger
from blocks.settings import Settings
from tasks.checks.bot import BotRuns, BotSeen
from tasks.ssh import run


def look_at_bot(ledger: Ledger, settings: Settings, *, fetch: bool) -> BotSeen:
    """
    See how the bot is; what upstream said when it was asked last (`fetched_at`) is kept with it.

    Args:
        ledger: Where it is written down.
        settings: Where the bot is; `LookupError` when there is none.
        fetch: Ask upstream first, which takes its time.

    Raises:
        Unreachable, Unreadable, OutputTooLong: It cannot be seen; what was seen before stays.
    """
    check = BotRuns(settings.bot, fetch)
    seen = check.read(run(settings.bot.place(settings.cluster), check.probe()))
    last = read_seen(ledger, BOT).get(BOT)
    before = last.data if last else {}
    fetched_at = clock.now() if fetch else before.get("fetched_at")
    error = seen.error if fetch else seen.error or str(before.get("error") or "")
    write_seen(ledger, BOT, {**seen.data, "error": error, "fetched_at": fetched_at})
    return seen
