"""The English dictionary: Hunspell's, which knows names by their capital letter and inflections by rule."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import hunspell  # type: ignore[import-untyped]

_BRITISH = (
    (re.compile("is(e[drs]?|ers|ing|ations?)$"), r"iz\1"),
    (re.compile("ys(e[drs]?|ing)$"), r"yz\1"),
    (re.compile("our"), "or"),
    (re.compile("ll(ed|ing|ings|ers?)$"), r"l\1"),
    (re.compile("tre(s?)$"), r"ter\1"),
    (re.compile("[ao]e"), "e"),
    (re.compile("ogue(s?)$"), r"og\1"),
    (re.compile("ence(s?)$"), r"ense\1"),
)
"""Endings and vowels of British English, and how the dictionary, an American one, writes them."""


@cache
def _dictionary() -> Any:
    return hunspell.Hunspell("en_US", hunspell_data_dir=str(Path(hunspell.__file__).parent / "dictionaries"))


def is_english(word: str) -> bool:
    """Whether a word in lower-case ASCII is an ordinary one, of either spelling; a name is none."""
    return bool(_dictionary().spell(word)) or any(
        british.search(word) and _dictionary().spell(british.sub(american, word))
        for british, american in _BRITISH
    )
