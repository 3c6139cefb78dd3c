"""The dictionary tells ordinary words, of either spelling, from names."""

import pytest

from gateway.redaction.dictionary import is_english


@pytest.mark.parametrize(
    "word", ["meadow", "invoices", "colour", "centres", "organising", "travelled", "dialogue", "analysed"]
)
def test_an_ordinary_word_of_either_spelling_is_one(word: str) -> None:
    assert is_english(word)


@pytest.mark.parametrize("word", ["emily", "villarreal", "louise", "denise", "seymour", "kowalewicz"])
def test_a_name_is_none(word: str) -> None:
    assert not is_english(word)
