"""A text without its sensitive parts: findings, look-alike tokens and earlier originals become tokens."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from gateway.redaction.detect import detect
from gateway.redaction.finding import Finding, united
from gateway.redaction.phrases import Phrases, folded_words
from gateway.redaction.restore import restored
from gateway.redaction.task_map import Entry, TaskMap
from gateway.redaction.tokens import LITERAL, tokens

MOST_CHARACTERS = 2_000_000
MOST_SPANS = 100_000


LanSearch = Literal["off", "may", "must"]


class TooMuch(ValueError):
    """A text is longer, or holds more sensitive places, than can be scrubbed; told without a word of it."""


@dataclass(frozen=True, slots=True)
class Entity:
    """
    What stands for what, without the original.

    Attributes:
        type, token: Of the token.
        start, end: Where the original stood in the text, in code points.
        rule, score: What found it.
    """

    type: str
    token: str
    start: int
    end: int
    rule: str
    score: float


@dataclass(frozen=True)
class Policy:
    """
    What is looked for.

    Attributes:
        off: Types that stay in the text.
        shield: Take capitalised words of no list for names.
        language: Blank: told by each text.
        lan_finder: Whether the model on the LAN searches as well: not, where it can, or for every text.
    """

    off: frozenset[str] = frozenset()
    shield: bool = True
    language: str = ""
    lan_finder: LanSearch = "off"


Finder = Callable[[str], Iterable[Finding]]


def find(text: str, policy: Policy, names: Iterable[str] = (), known: Finder | None = None) -> list[Finding]:
    """
    The sensitive places of a text under a policy; `TooMuch` beyond the ceilings.

    Args:
        text: Any text.
        policy: What is looked for.
        names: Words of names accepted before in the task.
        known: Finds the known people in a view.
    """
    if len(text) > MOST_CHARACTERS:
        raise TooMuch(
            f"the text has {len(text)} characters; {MOST_CHARACTERS} is the most that is scrubbed at once"
        )
    told = detect(text, shield=policy.shield, language=policy.language, names=names, known=known)
    found = [one for one in told if one.type not in policy.off]
    if len(found) > MOST_SPANS:
        raise TooMuch(f"the text holds more than {MOST_SPANS} sensitive places: send it in parts")
    return found


def replaced(text: str, found: Iterable[Finding], task: TaskMap) -> tuple[str, list[Entity]]:
    """
    The text with tokens in place of what was found, of the task's earlier originals, and of look-alikes.

    `restored` gives the very text back: if it did not, the whole text would become one literal.
    """
    spans = [*found, *_seen_before(text, task), *_look_alikes(text)]
    done, entities = _with_tokens(text, united(spans), task)
    if restored(done, task).text != text:
        return _with_tokens(text, [Finding(0, len(text), LITERAL, "look-alike", 1.0)], task)
    return done, entities


def _with_tokens(text: str, spans: list[Finding], task: TaskMap) -> tuple[str, list[Entity]]:
    pieces: list[str] = []
    entities: list[Entity] = []
    end = 0
    for one in spans:
        entry: Entry = task.entry(one.type, text[one.start : one.end])
        pieces += (text[end : one.start], entry.token)
        entities.append(Entity(entry.type, entry.token, one.start, one.end, one.rule, one.score))
        end = one.end
    return "".join((*pieces, text[end:])), entities


def _seen_before(text: str, task: TaskMap) -> list[Finding]:
    """Originals of the task, wherever they stand: no rule need find them twice."""
    originals = task.originals
    kinds = {folded_words(value): task.tokens[value].type for value in originals}
    spans = Phrases(originals).find(text)
    return [
        Finding(start, end, kinds.get(folded_words(text[start:end]), "KNOWN"), "seen-before", 0.1)
        for start, end in spans
    ]


def _look_alikes(text: str) -> list[Finding]:
    return [Finding(token.start, token.end, LITERAL, "look-alike", 0.2) for token in tokens(text)]
