"""The bot as it is seen: its checkout, what upstream has, and its containers (pure)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from blocks.bot import Bot
from tasks.check import Answer, Check, Command, Verdict, command, read_json
from tasks.remote import script_with


@dataclass(frozen=True)
class BotContainer:
    """
    One container of the project as `docker compose ps` shows it.

    Attributes:
        health: Blank without a health check.
        restarts: How often docker has begun it anew by itself.
    """

    name: str
    service: str
    state: str
    status: str
    health: str
    exit_code: int
    restarts: int

    @property
    def fault(self) -> str:
        """Why it is not as it should be; blank when it is.  A container that did its work may have ended."""
        if self.state == "running":
            return f"{self.name} is unhealthy" if self.health == "unhealthy" else ""
        done = self.state == "exited" and self.exit_code == 0
        return "" if done else f"{self.name} does not run ({self.state}, exit code {self.exit_code})"


@dataclass(frozen=True)
class BotSeen:
    """
    One look at the bot.

    Attributes:
        fault: Why there is no checkout to be looked at; blank otherwise.
        head, on: The commit and the branch the checkout is at.
        dirty: Known files with local changes.
        error: Why upstream could not be asked; blank otherwise.
        behind, ahead: Commits that only upstream has, and that only the checkout has; None: not known.
        commits: The former, newest first: id, at (seconds since 1970), subject.
        in_the_way: Files of upstream that are here without git knowing them.
        compose_fault: Why the containers could not be listed; blank otherwise.
    """

    fault: str = ""
    head: str = ""
    on: str = ""
    dirty: tuple[str, ...] = ()
    error: str = ""
    behind: int | None = None
    ahead: int | None = None
    commits: tuple[Mapping[str, Any], ...] = ()
    in_the_way: tuple[str, ...] = ()
    compose_fault: str = ""
    containers: tuple[BotContainer, ...] = ()

    @property
    def data(self) -> dict[str, Any]:
        """As the ledger keeps it."""
        return asdict(self)


@dataclass(frozen=True)
class BotRuns(Check[BotSeen]):
    """Every container of the bot runs."""

    bot: Bot
    fetch: bool = False
    tries = 30
    pause = 2

    def __str__(self) -> str:
        return "the bot runs"

    def probe(self) -> Command:
        return bot_command(self.bot, "look", fetch=self.fetch)

    def read(self, answer: Answer) -> BotSeen:
        return read_json(answer, _seen, "what the bot does cannot be read", "the bot cannot be looked at")

    def verdict(self, seen: BotSeen) -> Verdict:
        if seen.fault or seen.compose_fault:
            return Verdict((seen.fault or seen.compose_fault,))
        if not seen.containers:
            return Verdict(("the bot has no container: update it to have them made",))
        return Verdict(tuple(one.fault for one in seen.containers if one.fault))


def bot_command(bot: Bot, verb: str, **more: object) -> Command:
    """Runs remote/bot.py with a verb."""
    given = {"directory": bot.directory, "branch": bot.branch, "compose": list(compose(bot)), **more}
    return command("python3", "-", stdin=script_with("bot.py", verb=verb, **given), timeout=150)


def compose(bot: Bot) -> tuple[str, ...]:
    """The words of docker compose for the bot's project."""
    return ("docker", "compose", *(("-f", bot.compose_file) if bot.compose_file else ()))


def in_checkout(bot: Bot, *words: str) -> tuple[str, ...]:
    """Words that run others in the bot's checkout."""
    return ("bash", "-c", 'cd "${1/#\\~/$HOME}" && shift && exec "$@"', "-", bot.directory, *words)


def faults_of_update(seen: BotSeen) -> list[str]:
    """Why the checkout cannot be brought up to date; none when it can."""
    if seen.fault:
        return [seen.fault]
    if seen.error:
        return [f"upstream cannot be asked: {seen.error}"]
    if seen.in_the_way:
        names = ", ".join(seen.in_the_way[:5])
        return [f"upstream has files that lie here without git knowing them ({names}): move them away first"]
    return []


def _seen(said: Any) -> BotSeen:
    if not isinstance(said, dict) or not isinstance(said.get("containers"), list):
        raise TypeError("this is no look at the bot")
    containers = tuple(BotContainer(**each) for each in said.pop("containers"))
    lists = {name: tuple(said.pop(name, ())) for name in ("dirty", "commits", "in_the_way")}
    return BotSeen(**{**said, **lists}, containers=containers)
