"""`python -m gateway.redaction.name_lists FILE`: names of many countries, compiled once out of Faker."""

import importlib
import os
import pkgutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

import msgspec

from gateway.redaction.fold import fold
from gateway.redaction.wordset import words

_LEAST = 4
"""Letters: of the shorter ones too many are words of some language."""

_TITLES = words(
    """
    general major captain colonel justice judge doctor pastor bishop prince princess king queen duke baron
    sheriff sergeant unknown unnamed anonymous admin author baby infant male female public line area page
    """
)
"""What registers hold as names, and nearly nobody means by them."""

_MADE_BY = f"{version('faker')}-{zlib.crc32(Path(__file__).read_bytes()):x}"
_KEPT = Path(__file__).parent / "__pycache__" / f"names.{_MADE_BY}.json"
"""Kept where bytecode is, and for the same reason: reading Faker takes a second and 70 MB."""


class Names(msgspec.Struct, frozen=True):
    """
    Folded words of names, in Latin letters, ordinary words among them.

    Attributes:
        given: Words of given names.
        surnames: Words of surnames.
    """

    given: frozenset[str]
    surnames: frozenset[str]


@cache
def names() -> Names:
    """The names; those that are not compiled yet are, by a process that takes its memory with it."""
    with suppress(OSError, msgspec.MsgspecError):
        return _read()
    subprocess.run([sys.executable, "-m", "gateway.redaction.name_lists", str(_KEPT)], check=False)
    with suppress(OSError, msgspec.MsgspecError):
        return _read()
    return compiled()


def _read() -> Names:
    return msgspec.json.decode(_KEPT.read_bytes(), type=Names)


def compiled() -> Names:
    """The names of every country that Faker knows."""
    return Names(frozenset(_words("first_name")), frozenset(_words("last_name")))


def _words(kind: str) -> Iterator[str]:
    """The words of all lists whose name holds a kind."""
    countries = importlib.import_module("faker.providers.person")
    for country in pkgutil.iter_modules(countries.__path__):
        provider = importlib.import_module(f"faker.providers.person.{country.name}").Provider
        for list_name in filter(lambda name: kind in name, vars(provider)):
            told = getattr(provider, list_name)
            for name in told if isinstance(told, tuple | list | dict | set) else ():
                if isinstance(name, str):
                    yield from filter(_counts, fold(name).replace("-", " ").replace("'", " ").split())


def _counts(word: str) -> bool:
    return len(word) >= _LEAST and word.isascii() and word.isalpha() and word not in _TITLES


def main() -> None:
    """Compile the names and keep them in the file that is named, in one step for whoever reads meanwhile."""
    kept = Path(sys.argv[1])
    fresh = kept.with_suffix(f".{os.getpid()}")
    with suppress(OSError):  # where nothing can be written, every worker reads Faker itself
        kept.parent.mkdir(exist_ok=True)
        fresh.write_bytes(msgspec.json.encode(compiled()))
        fresh.replace(kept)


if __name__ == "__main__":
    main()
