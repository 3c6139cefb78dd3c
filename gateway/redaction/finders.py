"""Models of names that the operator has on disk, spaCy's or GLiNER's: they add findings and drop none."""

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from gateway.redaction.finding import Finding
from gateway.redaction.scrub import Finder

_WINDOW = 1000
"""Characters a model is shown at once: GLiNER reads no further than some 380 words, and says nothing."""

_PERSONS = frozenset(("person", "per"))
_SURE_ENOUGH = 0.5
Spans = Iterable[tuple[int, int]]


def model_finder(kind: str, path: str) -> Finder:
    """
    A finder by a model.

    Args:
        kind: `spacy` or `gliner`; the package has to be installed beside ours.
        path: The model's folder; nothing is ever fetched.
    """
    return _Windowed(kind, _KINDS[kind](path))


def together(finders: Sequence[Finder]) -> Finder | None:
    """What any of them finds; None without one."""
    return _Together(finders) if finders else None


class _Together:
    def __init__(self, finders: Sequence[Finder]) -> None:
        self._finders = finders

    def __call__(self, text: str) -> Iterator[Finding]:
        for find in self._finders:
            yield from find(text)


class _Windowed:
    """A model asked piece by piece, so that its time grows with the text and no faster."""

    def __init__(self, rule: str, persons: Callable[[str], Spans]) -> None:
        self._rule = rule
        self._persons = persons

    def __call__(self, text: str) -> Iterator[Finding]:
        for begin, end in windows(text, _WINDOW):
            for start, stop in self._persons(text[begin:end]):
                if 0 <= start < stop <= end - begin:
                    yield Finding(begin + start, begin + stop, "PERSON", self._rule, 0.4)


def windows(text: str, size: int) -> Iterator[tuple[int, int]]:
    """The text in pieces, cut behind a line where there is one, else behind a word, else anywhere."""
    start = 0
    while start < len(text):
        end = min(start + size, len(text))
        if end < len(text):
            least = start + size // 2
            cuts = (text.rfind(sign, least, end) + 1 for sign in ("\n", " "))
            end = next(filter(None, cuts), end)
        yield start, end
        start = end


def _spacy(path: str) -> Callable[[str], Spans]:
    read: Any = importlib.import_module("spacy").load(path)

    def persons(text: str) -> Spans:
        return [(one.start_char, one.end_char) for one in read(text).ents if one.label_.lower() in _PERSONS]

    return persons


def _gliner(path: str) -> Callable[[str], Spans]:
    model: Any = importlib.import_module("gliner").GLiNER.from_pretrained(path, local_files_only=True)

    def persons(text: str) -> Spans:
        found = model.predict_entities(text, ["person"], threshold=_SURE_ENOUGH)
        return [(one["start"], one["end"]) for one in found]

    return persons


_KINDS = {"spacy": _spacy, "gliner": _gliner}
