"""A contact list in CSV, vCard or JSON, as the values that are looked for (pure)."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from gateway.redaction.wordset import words

_VCARD = ("FN", "N", "EMAIL", "TEL", "NICKNAME", "ADR")
_LEAST = 3
"""Shorter values would be found everywhere."""


def people(text: str) -> list[str]:
    """The values of a contact list, whatever its form."""
    plain = text.lstrip()
    if plain.startswith(("[", "{")):
        values = _of_json(json.loads(plain))
    elif plain[:11].upper() == "BEGIN:VCARD":
        values = _of_vcard(plain)
    else:
        values = _of_csv(plain)
    return long_enough(values)


def long_enough(values: Iterable[str]) -> list[str]:
    """Those that are not too short to be looked for."""
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
