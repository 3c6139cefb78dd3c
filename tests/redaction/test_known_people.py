"""Known people are found wherever they stand, and a changed list counts at once."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.redaction.contact_list import people
from gateway.redaction.known_file import NoList
from gateway.redaction.known_people import KnownPeople
from gateway.redaction.scrub import Policy, find

LISTS = {
    "csv": "name,mail\nhope winter,hw@example.org\n",
    "vcard": "BEGIN:VCARD\nFN:Hope Winter\nTEL;TYPE=cell:+1 202 555 0100\nEND:VCARD\n",
    "json": '[{"first": "Hope", "last": "Winter"}]',
    "plain": "Hope Winter\nGrey Stone\n",
}


@pytest.mark.parametrize("form", LISTS)
def test_each_form_of_a_contact_list_is_read(form: str) -> None:
    assert "hope winter" in [value.lower() for value in people(LISTS[form])]


def test_a_known_name_is_found_in_any_case_and_a_new_list_counts_at_once(tmp_path: Path) -> None:
    path, known = tmp_path / "people.csv", KnownPeople()
    path.write_text("Hope Winter\n")
    text = "they said hope winter and green meadow will pay"
    assert [text[one.start : one.end] for one in find(text, Policy(), (), known.finder([str(path)]))] == [
        "hope winter"
    ]
    path.write_text("Green Meadow\n")
    os.utime(path, ns=(1, 1))
    assert [text[one.start : one.end] for one in find(text, Policy(), (), known.finder([str(path)]))] == [
        "green meadow"
    ]


def _found(known: KnownPeople, path: Path, text: str) -> list[str]:
    return [text[one.start : one.end] for one in find(text, Policy(), (), known.finder([str(path)]))]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text('["Hope'),
        lambda path: path.write_bytes(b"\xff\xfe\xff"),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["truncated", "broken", "not UTF-8", "gone", "a folder"],
)
def test_a_list_that_cannot_be_read_any_more_changes_nothing_until_a_better_one_is_there(
    tmp_path: Path, spoil: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    path, fresh, known = tmp_path / "people", tmp_path / "fresh", KnownPeople()
    path.write_text("Hope Winter\n")
    text = "they said hope winter and green meadow will pay"
    assert _found(known, path, text) == ["hope winter"]

    spoil(path)

    assert [_found(known, path, text) for _ in range(3)] == [["hope winter"]] * 3
    assert [record.message[:40] for record in caplog.records] == ["a list of known people cannot be read, t"]
    assert "Hope" not in caplog.text
    with pytest.raises(NoList, match="cannot be read"):
        KnownPeople().finder([str(path)])
    if path.is_dir():
        path.rmdir()
    fresh.write_text("Green Meadow\n")
    os.utime(fresh, ns=(1, 1))
    fresh.replace(path)
    assert _found(known, path, text) == ["green meadow"]


def test_while_a_list_is_being_written_nobody_becomes_unknown(tmp_path: Path) -> None:
    path, known = tmp_path / "people", KnownPeople()
    text = "they said quiet lake, green meadow and small field paid"
    path.write_text("Quiet Lake\nGreen Meadow\n")
    assert _found(known, path, text) == ["quiet lake", "green meadow"]

    path.write_text("Small Field\n")
    os.utime(path, (2**32, 2**32))
    assert _found(known, path, text) == ["quiet lake", "green meadow", "small field"]
    path.write_text("Small Field\nQuiet Lake\n")
    os.utime(path, ns=(1, 1))
    assert _found(known, path, text) == ["quiet lake", "small field"]
