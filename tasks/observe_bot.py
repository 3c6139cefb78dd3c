"""The slow look at the bot: every ten minutes where it is, every hour what is new upstream."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from blocks.bot import BOT, Bot
from blocks.ledger import clock
from blocks.ledger.runs import latest_runs
from blocks.ledger.seen import read_seen, write_seen
from blocks.ledger.store import Ledger
from blocks.settings import Settings
from tasks import ssh
from tasks.bot_look import look_at_bot
from tasks.check import Unreadable
from tasks.observe_rounds import keep_looking

log = logging.getLogger("observer")

LOOK_SECONDS = 600.0
FETCH_SECONDS = 3600.0
POLL_SECONDS = 3.0


@dataclass
class BotObserver:
    """
    Looks at the bot, while there is one and its host is reachable.

    Attributes:
        settings: Gives them as they were read last.
        reachable: Tells of a host's name whether the last look at the host was a good one.
    """

    ledger: Ledger
    settings: Callable[[], Settings]
    ended: threading.Event
    reachable: Callable[[str], bool]
    _bot: Bot | None = None

    def run(self) -> None:
        """Look until told to end; no error of a look ends it."""
        keep_looking(self.look_if_due, "the bot", POLL_SECONDS, self.ended)

    def look_if_due(self) -> None:
        """Look when the last look is old, or was at another bot; not while a run is at work on it."""
        settings = self.settings()
        try:
            host = settings.bot.place(settings.cluster)
        except LookupError:  # there is no bot, or no such host: the gateway says so
            return
        seen = read_seen(self.ledger, BOT).get(BOT)
        is_other = self._bot not in (None, settings.bot)
        is_due = is_other or seen is None or seen.age_seconds > LOOK_SECONDS
        if not is_due or not self.reachable(host.name) or self._is_worked_on():
            return
        fetched_at = (seen and seen.data.get("fetched_at")) or 0.0
        self._bot = settings.bot
        self._look(settings, fetch=is_other or abs(clock.now() - fetched_at) > FETCH_SECONDS)

    def _look(self, settings: Settings, *, fetch: bool) -> None:
        """What cannot be seen is written down in words, beside what was seen last."""
        try:
            look_at_bot(self.ledger, settings, fetch=fetch)
        except (ssh.Unreachable, ssh.OutputTooLong, Unreadable) as error:
            log.warning("the bot: %s", error)
            seen = read_seen(self.ledger, BOT).get(BOT)
            why = f"the bot cannot be looked at, what is shown was seen before: {error}"
            write_seen(self.ledger, BOT, {**(seen.data if seen else {}), "fault": why})

    def _is_worked_on(self) -> bool:
        """A run fetches and resets the checkout itself; one that is silent for long counts as gone."""
        runs = latest_runs(self.ledger, "bot", 1)
        return any(run.ended is None and abs(clock.now() - run.updated) < LOOK_SECONDS for run in runs)
