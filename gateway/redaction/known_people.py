"""Known people: the values of a contact list (CSV, vCard, JSON), found wherever they stand."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gateway.redaction.finding import Finding
from gateway.redaction.phrases import Phrases
from gateway.redaction.scrub import Finder
from gateway.redaction.wordset import words

_VCARD = ("FN", "N", "EMAIL", "TEL", "NICKNAME", "ADR")
_LEAST = 3
"""Shorter values would be found everywhere."""


class KnownPeople:
    """The lists of files, each read again when it has changed."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[tuple[int, int], Phrases]] = {}

    def finder(self, paths: Sequence[str], named: Sequence[str] = ()) -> Finder | None:
        """
        What finds the known people in a view; None when there are none.

        Args:
            paths: The files; `OSError` when one cannot be read.
            named: More of them, of this request alone.
        """
        lists = [self._of(path) for path in paths]
        if named:
            lists.append(Phrases(_long_enough(named)))
        return _Finder(lists) if lists else None

    def _of(self, path: str) -> Phrases:
        status = Path(path).stat()
        stamp = status.st_mtime_ns, status.st_size
        if path not in self._read or self._read[path][0] != stamp:
            self._read[path] = stamp, Phrases(people(Path(path).read_text("utf-8-sig")))
        return self._read[path][1]


class _Finder:
    def __init__(self, lists: Iterable[Phrases]) -> None:
        self._lists = tuple(lists)

    def __call__(self, text: str) -> Iterator[Finding]:
        for phrases in self._lists:
            for start, end in phrases.find(text):
                yield Finding(start, end, "PERSON", "known", 0.4)


def people(text: str) -> list[str]:
    """The values of a contact list, whatever its form."""
    plain = text.lstrip()
    if plain.startswith(("[", "{")):
        values = _of_json(json.loads(plain))
    elif plain[:11].upper() == "BEGIN:VCARD":
        values = _of_vcard(plain)
    else:
        values = _of_csv(plain)
    return _long_enough(values)


def _long_enough(values: Iterable[str]) -> list[str]:
    return [value.strip() for value in values if sum(map(str.isalnum, value)) >= _LEAST]


def _of_json(data: Any) -> Iterator[str]:
    """Every text in lists and objects; first and last name of one object also together."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        texts = [value for value in data.values() if isinstance(value, str)]
        yield from texts
        yield " ".join(texts[:2])
        for value in data.values():
            if not isinstance(value, str):
                yield from _of_json(value)
    elif isinstance(data, list):
        for value in data:
            yield from _of_json(value)


def _of_vcard(text: str) -> Iterator[str]:
    for line in text.replace("\r\n ", "").replace("\n ", "").splitlines():
        name, _, value = line.partition(":")
        if name.partition(";")[0].rpartition(".")[2].upper() in _VCARD:
            parts = [part.strip() for part in value.replace("\\,", ",").split(";") if part.strip()]
            yield " ".join(parts)
            yield " ".join(reversed(parts[:2]))


def _of_csv(text: str) -> Iterator[str]:
    """Every cell of a table or plain list, head line apart; the first two cells also together."""
    head = text.split("\n", 1)[0]
    cut = max(",;\t", key=head.count)
    rows = list(csv.reader(io.StringIO(text), delimiter=cut))
    titled = bool(rows) and any(cell.strip().lower() in _TITLES for cell in rows[0])
    for row in rows[1:] if titled else rows:
        yield from row
        yield " ".join(row[:2])


_TITLES = words(
    """
    name first last first_name last_name firstname lastname surname email mail phone vorname nachname
    nom prenom nombre apellido telefon
    """
)
