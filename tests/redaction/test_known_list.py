"""The list of known people that the API keeps: whole or not at all, and for its owner alone."""

from pathlib import Path

import pytest

from gateway.redaction.known_list import KnownList


def test_a_list_is_for_its_owner_alone_and_a_bad_one_leaves_it_as_it_was(tmp_path: Path) -> None:
    known = KnownList(tmp_path / "map" / "known-people")

    assert known.replace("Hope Winter\nGrey Stone\n") == 2
    assert known.path.stat().st_mode & 0o777 == 0o600
    for bad in ("", "a\nb\n", '["Hope'):
        with pytest.raises(ValueError, match=r"."):
            known.replace(bad)
    assert known.count() == 2
    assert [path.name for path in known.path.parent.iterdir()] == ["known-people"]


def test_without_a_list_there_is_nothing_to_count_or_delete(tmp_path: Path) -> None:
    known = KnownList(tmp_path / "known-people")

    assert (known.count(), known.delete()) == (0, False)
