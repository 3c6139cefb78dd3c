"""Models of names add what they find, wherever in a long text, and can take nothing away."""

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.redaction.finders import model_finder, together, windows
from gateway.redaction.scrub import Policy, find

NAME = "pale kettle"
"""Ordinary words: no rule takes them for a name."""


def _places(text: str) -> list[tuple[int, int]]:
    at = text.find(NAME)
    return [(at, at + len(NAME))] if at >= 0 else []


def _spacy_load(path: str) -> Callable[[str], Any]:
    """As `spacy.load`."""
    assert path == "/models/names"
    return lambda text: SimpleNamespace(
        ents=[
            SimpleNamespace(start_char=start, end_char=end, label_=label)
            for start, end in _places(text)
            for label in ("PER", "GPE")
        ]
    )


class _GLiNER:
    """As `gliner.GLiNER`."""

    @classmethod
    def from_pretrained(cls, path: str, *, local_files_only: bool) -> "_GLiNER":
        assert (path, local_files_only) == ("/models/names", True)
        return cls()

    def predict_entities(self, text: str, labels: list[str], *, threshold: float) -> list[dict[str, Any]]:
        assert labels == ["person"]
        beyond = {"start": 0, "end": len(text) + 9, "label": "person", "score": threshold}
        return [{"start": start, "end": end} for start, end in _places(text)] + [beyond]


@pytest.fixture(params=["spacy", "gliner"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(sys.modules, "spacy", SimpleNamespace(load=_spacy_load))
    monkeypatch.setitem(sys.modules, "gliner", SimpleNamespace(GLiNER=_GLiNER))
    return str(request.param)


def test_a_model_adds_a_name_and_the_rules_keep_theirs(kind: str) -> None:
    text = f"The lid of the {NAME} fell, they told ylva@example.org. " * 60
    without = {(one.start, one.end) for one in find(text, Policy())}

    found = {(one.start, one.end) for one in find(text, Policy(), (), model_finder(kind, "/models/names"))}

    assert without < found
    assert {NAME} == {text[start:end] for start, end in found - without}


def test_without_a_finder_there_is_none_to_ask() -> None:
    assert together([]) is None


@given(st.text(alphabet="ab \n", max_size=4000))
def test_the_windows_are_the_text(text: str) -> None:
    pieces = list(windows(text, 1000))

    assert "".join(text[start:end] for start, end in pieces) == text
    assert all(0 < end - start <= 1000 for start, end in pieces)
