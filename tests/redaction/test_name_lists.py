"""Names of many countries are known, whatever became of the file that they are kept in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.redaction import name_lists
from gateway.redaction.lexicon import Name, known
from gateway.redaction.name_lists import names


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "__pycache__" / "names.json"
    monkeypatch.setattr(name_lists, "_KEPT", path)
    names.cache_clear()
    yield path
    names.cache_clear()


@pytest.mark.parametrize("name", ["Wojciech", "Guðrún", "Ayşe", "Chiamaka", "Bogdan", "Aoife", "Lakshmi"])
def test_given_names_of_many_countries_are_known(name: str) -> None:
    assert known(name).given is Name.YES


@pytest.mark.parametrize("word", ["November", "German", "General", "Invoice", "Public"])
def test_ordinary_words_are_no_sure_names(word: str) -> None:
    assert known(word).name in (Name.NO, Name.WORD)


def test_a_file_cut_short_is_made_again(kept: Path) -> None:
    kept.parent.mkdir()
    kept.write_text('{"given": ["anna"')

    assert "wojciech" in names().given
    assert kept.stat().st_size > 100_000
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


def test_without_a_place_to_keep_them_the_names_are_known_as_well(
    kept: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kept.parent.write_text("in the way")

    assert "wojciech" in names().given
    assert "Traceback" not in capfd.readouterr().err
