"""Known people are found wherever they stand, and a changed list counts at once."""

import os
from pathlib import Path

import pytest

from gateway.redaction.known_people import KnownPeople, people
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
