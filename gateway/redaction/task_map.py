"""The map of a task: which token stands for which original, and which comes next."""

from dataclasses import dataclass, field

from gateway.redaction.fold import fold
from gateway.redaction.page import PARTICLES
from gateway.redaction.tokens import LITERAL, written

_FORMS = ("", *"BCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One original and its token.

    Attributes:
        type, number, form: Of the token.
        value: The original, byte for byte.
    """

    type: str
    number: int
    form: str
    value: str

    @property
    def token(self) -> str:
        """As it stands in scrubbed texts."""
        return written(self.type, self.number, self.form)


@dataclass
class TaskMap:
    """
    Originals and tokens of one task.

    Attributes:
        values: Entry by token.
        tokens: Entry by original: one original has one token, whatever found it.
        fresh: Entries given out since the map was made: what is still to be stored.
    """

    values: dict[str, Entry] = field(default_factory=dict)
    tokens: dict[str, Entry] = field(default_factory=dict)
    fresh: list[Entry] = field(default_factory=list)
    _last: dict[str, int] = field(default_factory=dict)
    _people: dict[str, set[int]] = field(default_factory=dict)
    _names: dict[int, frozenset[str]] = field(default_factory=dict)

    def load(self, entry: Entry) -> None:
        """Take an entry that was given out before."""
        self.values[entry.token] = self.tokens[entry.value] = entry
        self._last[entry.type] = max(self._last.get(entry.type, 0), entry.number)
        if entry.type == "PERSON":
            words = name_words(entry.value)
            if len(words) >= len(self._names.get(entry.number, ())):
                self._names[entry.number] = words
            for word in words:
                self._people.setdefault(word, set()).add(entry.number)

    def entry(self, kind: str, value: str) -> Entry:
        """The entry of an original; a new one when the task has not seen it."""
        known = self.tokens.get(value)
        if known is not None:
            return known
        number, form = self._same_person(value) if kind == "PERSON" else (0, "")
        entry = Entry(kind, number or self._last.get(kind, 0) + 1, form, value)
        self.load(entry)
        self.fresh.append(entry)
        return entry

    def _same_person(self, value: str) -> tuple[int, str]:
        """Number and next form of the one person whose name this also is; 0 when it is none or several."""
        words = name_words(value)
        near = set().union(*(self._people.get(word, set()) for word in words)) if words else set()
        fitting = [number for number in near if words <= self._names[number] or words >= self._names[number]]
        if len(near) != 1 or len(fitting) != 1:
            return 0, ""
        free = (form for form in _FORMS[1:] if written("PERSON", fitting[0], form) not in self.values)
        form = next(free, "")
        return (fitting[0], form) if form else (0, "")

    @property
    def names(self) -> frozenset[str]:
        """Folded words of the task's persons that are worth looking for elsewhere."""
        return frozenset(word for word in self._people if len(word) > 2)

    @property
    def originals(self) -> list[str]:
        """What no outgoing text may hold: the task's originals of four characters or more."""
        return [value for value, entry in self.tokens.items() if len(value) >= 4 and entry.type != LITERAL]


def name_words(value: str) -> frozenset[str]:
    """The folded words of a name, without particles and initials."""
    apart = "".join(one if one.isalpha() else " " for one in value).split()
    return frozenset(word for word in map(fold, apart) if len(word) > 1 and word not in PARTICLES)
