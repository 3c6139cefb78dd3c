"""What a run is called: one sentence, whoever asks for it (pure)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

LONGEST = 120
ALL = "all"
PLAN = "Plan: "
"""How the name of a run begins that only says what would be done."""


@dataclass(frozen=True)
class Given:
    """The parameters of a run, whatever stands in them; one that is missing is blank."""

    parameters: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A parameter as text."""
        value = self.parameters.get(name)
        return str(value) if value else ""

    def places(self) -> str:
        """The hosts: 'all hosts', 'spark-1 and spark-2'."""
        hosts = self.parameters.get("hosts") or [ALL]
        names = [str(host) for host in hosts] if isinstance(hosts, list | tuple) else [str(hosts)]
        return "all hosts" if ALL in names else " and ".join(names)


def run_name(flow: str, parameters: Mapping[str, Any]) -> str:
    """
    What a run does, as a sentence without its full stop; a dry run begins with `PLAN`.

    Args:
        flow: Name of the flow, or of its deployment: 'swap-model', 'swap-model/cluster'.
        parameters: What the run is given; whatever they are, there is a name.
    """
    name, given = flow.partition("/")[0], Given(parameters)
    sentence = SENTENCES[name](given) if name in SENTENCES else _any(name, given)
    if parameters.get("dry_run") is True and name not in LOOKS:
        sentence = f"{PLAN}{sentence[:1].lower()}{sentence[1:]}"
    sentence = " ".join(sentence.split())
    return sentence if len(sentence) <= LONGEST else sentence[: LONGEST - 1] + "…"


def _swap(given: Given) -> str:
    model, minutes = given.text("model"), given.parameters.get("length_minutes")
    if given.text("in_place_of"):
        return f"Swap back to {model}"
    if given.text("as_launched"):
        return f"Load {model} again"
    stays = f" for {_spoken(minutes)}" if isinstance(minutes, int) and minutes > 0 else ""
    return f"Swap to {model}{stays}"


def _spoken(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    parts = [(hours, "hour"), (rest, "minute")]
    return " and ".join(f"{count} {word}{'s' if count != 1 else ''}" for count, word in parts if count)


def _launcher(given: Given) -> str:
    back = bool(given.parameters.get("back"))
    return "Take the launcher's last update back" if back else "Update the launcher"


def _logs(given: Given) -> str:
    if service := given.text("service"):
        return f"Show the log of {service}"
    return f"Show the log of container {given.text('container')} on {given.text('host')}"


def _memory(given: Given) -> str:
    unloads = given.text("action") == "stop_engine"
    how = "by unloading the model" if unloads else "by dropping cached files"
    return f"Free memory of {given.text('host')} {how}"


def _bot(given: Given) -> str:
    return "Update the bot, building its images anew" if given.parameters.get("build") else "Update the bot"


def _nim(given: Given) -> str:
    host = given.text("host")
    return f"Install {given.text('nim')}" + (f" on {host}" if host else "")


def _deep_check(given: Given) -> str:
    service = given.text("service")
    what = "every service" if service in ("", ALL) else service
    heals = given.parameters.get("heal", True) and not given.parameters.get("dry_run")
    return f"Check {what}" + ("" if heals else ", restarting nothing")


def _any(flow: str, given: Given) -> str:
    """The name of a flow that has no sentence of its own: its words, and what it is about."""
    about = (given.text(name) for name in ("model", "repo", "service", "host"))
    words, subject = flow.replace("-", " ").strip() or "run", next(filter(None, about), "")
    return f"{words[:1].upper()}{words[1:]}" + (f": {subject}" if subject else "")


def _state(given: Given) -> str:
    fixes = " and put right" if given.parameters.get("act") else ""
    return f"Check{fixes} the state of {given.places()}"


SENTENCES: Mapping[str, Callable[[Given], str]] = {
    "swap-model": _swap,
    "download-model": lambda given: f"Download {given.text('repo')} to {given.places()}",
    "delete-weights": lambda given: f"Delete {given.text('model')} from {given.places()}",
    "validate-model": lambda given: f"Find out whether {given.text('model')} would start",
    "update-launcher": _launcher,
    "start-service": lambda given: f"Start {given.text('service')}",
    "stop-service": lambda given: f"Stop {given.text('service')}",
    "restart-service": lambda given: f"Restart {given.text('service')}",
    "show-logs": _logs,
    "free-memory": _memory,
    "wake-host": lambda given: f"Wake {given.text('host')}",
    "create-ssh-key": lambda given: f"Give {given.text('host')} an SSH key",
    "update-bot": _bot,
    "restart-bot": lambda _given: "Restart the bot",
    "show-bot-logs": lambda _given: "Show the log of the bot",
    "install-nim": _nim,
    "reapply-patches": lambda _given: "Patch the speech container",
    "deep-check": _deep_check,
    "ensure-state": _state,
}
"""By flow; a flow that is not here is called by its own words."""

LOOKS = frozenset({"deep-check"})
"""Flows whose dry run does its work all the same, and whose sentence says what it leaves out."""
