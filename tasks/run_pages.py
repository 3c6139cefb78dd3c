"""The pages that a run leaves in Prefect's UI, in Markdown: its plan and its result (pure)."""

from collections.abc import Mapping, Sequence
from typing import Any

from blocks.run_names import PLAN
from tasks.artifacts import Artifact
from tasks.markdown import code, plain

LONGEST_LINE = 200
MOST_LINES = 60
LONGEST_DESCRIPTION = 300

HEADS = {
    "completed": "Done.",
    "failed": "It failed.",
    "cancelled": "It was cancelled.",
}
FACTS = {
    "cause": "Cause",
    "host": "Host",
    "now_loaded": "Loaded now",
    "logs": "Logs of the hosts are kept in",
}
"""What of a result's details is told beside its message, and how it is called."""

WAITS = (
    "**It waits for a go, and has changed nothing.** Press *Resume* on the run's page, and *Submit*: "
    "with *Go* switched on the plan is carried out, with *Go* switched off the run ends. Without an answer "
    "it ends after a day."
)
AGAIN = (
    "Put right what is named above, then start it again: *Copy to new run*, in the menu of the run's page."
)


def headline(text: str) -> str:
    """Any text as the description of an artifact: plain, and as long as it may be."""
    return plain(text if len(text) <= LONGEST_DESCRIPTION else f"{text[: LONGEST_DESCRIPTION - 1]}…")


def plan_page(kind: str, title: str, sentences: Sequence[str], *, waiting: bool) -> Artifact:
    """What a run will do; `waiting`: it asks for a go first."""
    steps = "".join(f"{number}. {plain(line)}\n" for number, line in enumerate(sentences, 1))
    head, ends = title, "**Only the plan was asked for:** nothing is changed."
    if not title.startswith(PLAN):
        head, ends = f"{PLAN}{title[:1].lower()}{title[1:]}", WAITS if waiting else ""
    text = f"# {plain(head)}\n\n{steps}\n{ends}".rstrip() + "\n"
    return Artifact(f"{kind}-plan", "markdown", headline(head), text)


def result_page(
    kind: str, title: str, state: str, details: Mapping[str, Any], lines: Sequence[str] = ()
) -> Artifact:
    """
    What came of a run: what happened, how things are now, what to do.

    Args:
        kind: Of the run, as its record has it.
        title: The run's name.
        state: How it ended: `completed`, `failed`, `cancelled`.
        details: The result as the ledger keeps it: `message`, and more.
        lines: Of a log that the run was to show, oldest first.
    """
    message = str(details.get("message", ""))
    parts = [f"# {plain(title)}", f"**{HEADS.get(state, state)}** {plain(message)}", _facts(details, message)]
    if said := details.get("line"):
        parts += ["The line of the log that tells:", code([str(said)], LONGEST_LINE)]
    if todo := _todo(state, details, message):
        parts += ["## What to do now", todo]
    if lines:
        parts += ["## The last lines", code(lines[-MOST_LINES:], LONGEST_LINE)]
    text = "\n\n".join(part for part in parts if part) + "\n"
    return Artifact(f"{kind}-result", "markdown", headline(message), text)


def _facts(details: Mapping[str, Any], message: str) -> str:
    """Those that the message does not tell already, as a list."""
    told = [(name, str(details[key])) for key, name in FACTS.items() if details.get(key)]
    return "\n".join(f"- {name}: {plain(value)}" for name, value in told if value not in message)


def _todo(state: str, details: Mapping[str, Any], message: str) -> str:
    advice = str(details.get("advice") or "")
    if state != "failed":
        return plain(advice)
    return f"{plain(advice)} {AGAIN}".strip() if advice not in message or not advice else AGAIN
