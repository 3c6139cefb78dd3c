"""The bot under way: look at it, bring it up to date, restart it, read its log; as its own user."""

import time
from contextlib import suppress
from dataclasses import dataclass, field

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.cluster import Host
from blocks.ledger.store import Ledger
from blocks.settings import Settings
from tasks.bot_look import look_at_bot
from tasks.check import CheckFailed, command, read_json
from tasks.checks.bot import BotRuns, BotSeen, bot_command, compose, faults_of_update, in_checkout
from tasks.engine import without_secrets
from tasks.ensure import fix_and_confirm, look
from tasks.follow_job import follow_job, last_line
from tasks.job import Job
from tasks.outcome import TOLD, Failed
from tasks.report import Report
from tasks.ssh import run

JOB = "bot-up"
MOST_LINES = 2000
SETTLE_SECONDS = 4.0
WATCH_SECONDS = 1.0


@dataclass(frozen=True)
class Reset:
    """What was done to the checkout: commits before and after; the patch of what only it had, or blank."""

    before: str
    head: str
    patch: str


@dataclass
class BotWork:
    """
    One thing done with the bot.

    Attributes:
        seen: The bot at the last look.
        reset: What was done to its checkout; None as long as nothing was.
    """

    settings: Settings
    ledger: Ledger
    report: Report
    seen: BotSeen = field(default_factory=BotSeen)
    reset: Reset | None = None

    @property
    def host(self) -> Host:
        """Its host, as its own user; `LookupError` when there is no bot."""
        return self.settings.bot.place(self.settings.cluster)

    def look(self, *, fetch: bool) -> BotSeen:
        """See how it is, and write that down for the dashboard."""
        self.seen = look_at_bot(self.ledger, self.settings, fetch=fetch)
        return self.seen

    def prepare(self) -> None:
        """See what an update would bring; `Failed` says why it cannot be."""
        self.report.phase("looking", "asking upstream for news of the bot", 0.05)
        self.look(fetch=True)
        if faults := faults_of_update(self.seen):
            raise Failed("; ".join(faults))

    def sentences(self, *, build: bool) -> list[str]:
        """What an update will do."""
        seen, bot, host = self.seen, self.settings.bot, self.host.name
        count = seen.behind or 0
        news = f"Take {count} new commit{'' if count == 1 else 's'} of branch {bot.branch} on {host}."
        said = [news if count else f"The bot's checkout on {host} has no new commits."]
        said += [f"New: {commit['subject']}." for commit in seen.commits[:5]]
        if seen.on not in (bot.branch, "HEAD"):
            said.append(f"The checkout is on branch {seen.on} and goes to {bot.branch}.")
        if seen.dirty or seen.ahead:
            own = [f"changes in {', '.join(seen.dirty[:5])}"] if seen.dirty else []
            own += [f"{seen.ahead} commits of its own"] if seen.ahead else []
            said.append(f"The checkout has {' and '.join(own)}: saved as a patch on {host}, then undone.")
        said.append(f"{'Build its images anew and start' if build else 'Start'} its containers.")
        return said

    def update(self, *, build: bool) -> str:
        """Take upstream's state and start the containers; what came of it, in plain words."""
        self.report.phase("resetting", f"taking the new state of branch {self.settings.bot.branch}", 0.15)
        answer = run(self.host, bot_command(self.settings.bot, "reset"))
        self.reset = read_json(answer, _reset, "what was reset cannot be read", "the checkout was not reset")
        words = (
            *compose(self.settings.bot),
            "up",
            "-d",
            "--remove-orphans",
            *(("--build",) if build else ()),
        )
        job = Job(JOB, [in_checkout(self.settings.bot, *words)], self.report.run_id)
        state = follow_job(self.host, job, self._tell)
        if state.code != 0:
            raise Failed(f"its containers could not be started: {last_line(state)}")
        self._confirm()
        return f"The bot runs at commit {self.reset.head[:7]}.{self.kept}"

    def restart(self) -> str:
        """Restart its containers; what came of it."""
        self.report.phase("restarting", "restarting the bot's containers", 0.2)
        words = in_checkout(self.settings.bot, *compose(self.settings.bot), "restart")
        answer = run(self.host, command(*words, timeout=180))
        if not answer.ok:
            raise Failed(without_secrets(answer.said))
        self._confirm()
        return f"The bot was restarted and runs: {', '.join(one.name for one in self.seen.containers)}."

    def logs(self, tail: int) -> str:
        """Read the last lines of every container into the run's log."""
        words = ("logs", "--no-color", "--tail", str(min(tail, MOST_LINES)))
        answer = run(
            self.host,
            command(*in_checkout(self.settings.bot, *compose(self.settings.bot), *words), timeout=60),
        )
        if not answer.ok:
            raise Failed(without_secrets(answer.said))
        lines = [without_secrets(line) for line in answer.stdout.splitlines()]
        self.report.log(self.host.name, lines)
        return f"{len(lines)} lines of the bot's log were read."

    @property
    def kept(self) -> str:
        """Where the changes are that an update undid, for the end of a message."""
        if self.reset is None or not self.reset.patch:
            return ""
        return f" What only the checkout had is kept in {self.reset.patch} on {self.host.name}."

    @property
    def left(self) -> str:
        """The state things are in after an update that broke off, for the end of a message."""
        if self.reset is None:
            return "Its checkout is as it was."
        now, before = self.reset.head[:7], self.reset.before[:7]
        return f"Its checkout is at commit {now}; before, it was at {before}.{self.kept}"

    def _tell(self, lines: list[str]) -> None:
        self.report.log(self.host.name, lines)
        if lines:
            self.report.phase("starting", lines[-1][:200], 0.3)

    def _confirm(self) -> None:
        """Look until every container runs and stays up, and write down what was seen."""
        check = BotRuns(self.settings.bot)
        try:
            fix_and_confirm(self.host, check, look(self.host, check))
            self._watch(self.look(fetch=False))
        except CheckFailed as error:
            raise Failed(str(error)) from error
        finally:
            with suppress(*TOLD):  # it is for the dashboard only
                self.look(fetch=False)

    def _watch(self, before: BotSeen) -> None:
        """Look for a while whether it stays up: what ends at once and is begun again runs for moments too."""
        until = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < until:
            time.sleep(WATCH_SECONDS)
            finding = look(self.host, BotRuns(self.settings.bot))
            if again := restarted(before, finding.seen):
                raise Failed(
                    f"{' and '.join(again)} ends and is restarted again and again: read the bot's log"
                )
            if not finding.verdict.ok:
                raise Failed("; ".join(finding.verdict.faults))


@task(name="update bot", task_run_name="update the bot", cache_policy=NO_CACHE)
def update(work: BotWork, *, build: bool) -> str:
    """Bring it up to date; what came of it."""
    return work.update(build=build)


@task(name="restart bot", task_run_name="restart the bot", cache_policy=NO_CACHE)
def restart(work: BotWork) -> str:
    """Restart it; what came of it."""
    return work.restart()


def restarted(before: BotSeen, after: BotSeen) -> list[str]:
    """Names of the containers that docker has begun anew between two looks (pure)."""
    counts = {one.name: one.restarts for one in before.containers}
    return [one.name for one in after.containers if one.restarts > counts.get(one.name, one.restarts)]


def _reset(said: dict[str, str]) -> Reset:
    return Reset(**said)
