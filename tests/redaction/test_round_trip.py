"""rehydrate(scrub(x)) is x for every x, at once and in a stream, whatever looks like a token in it."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.redaction.restore import Restorer, in_json, restored
from gateway.redaction.scrub import Policy, find, replaced
from gateway.redaction.task_map import TaskMap
from gateway.redaction.tokens import LONGEST

PIECES = st.sampled_from(
    (
        "[PERSON_1]", "PERSON_1", "person-1", "[person 1]", "\\[PERSON\\_1\\]", "&lt;PERSON_1&gt;", "[[", "[",
        "]", "\\", "<", ">", "PERSON_", "1", "2B", "_1", "Ylva Ceesay", "ylva@example.org",
        "+49 30 5550100", " ",
        "[LITERAL_1]", "LITERAL_2", "\\u005bPERSON_1\\u005d", "%5BEMAIL_1%5D", "&#91;", "Dear Ida,",
        "{PERSON 1}", "\u00a0", "\u0301", "NATIONAL_ID_3",
    )
)  # fmt: skip
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=12).map("".join)


def scrubbed(text: str, task: TaskMap) -> str:
    return replaced(text, find(text, Policy(), task.names), task)[0]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS, TEXTS, st.lists(st.integers(1, 7), min_size=1, max_size=5))
def test_every_text_comes_back_whole_however_it_is_cut(first: str, second: str, cuts: list[int]) -> None:
    task = TaskMap()
    told = [scrubbed(text, task) for text in (first, second)]
    assert [restored(one, task).text for one in told] == [first, second]
    for text in (*told, first + told[1], second):
        restorer, got, at, turn = Restorer(task), "", 0, 0
        while at < len(text):
            size = cuts[turn % len(cuts)]
            got += restorer.feed(text[at : at + size])
            at, turn = at + size, turn + 1
        assert got + restorer.end() == restored(text, task).text


CHANGES = {
    "exact": "[PERSON_1]", "lower": "[person_1]", "title": "[Person_1]", "possessive": "[PERSON_1]'s",
    "no brackets": "PERSON_1", "spaces": "[ PERSON_1 ]", "space": "[PERSON 1]", "hyphen": "[PERSON-1]",
    "Markdown": "\\[PERSON\\_1\\]", "bold": "**[PERSON_1]**", "backticks": "`[PERSON_1]`",
    "angle": "<PERSON_1>", "HTML": "&lt;PERSON_1&gt;", "JSON": "\\u005bPERSON_1\\u005d",
    "curly": "{PERSON_1}", "no break": "[PERSON\u00a01]", "zeros": "[PERSON_01]", "guillemets": "«PERSON_1»",
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_token_that_a_model_changed_is_restored(change: str) -> None:
    task = TaskMap()
    scrubbed("Ylva Ceesay wrote.", task)
    told = restored(f"Dear reader, {CHANGES[change]} will call.", task).text
    assert "Ylva Ceesay" in told
    assert "PERSON" not in told.upper()


def test_a_token_never_given_out_stays_and_is_named() -> None:
    task = TaskMap()
    scrubbed("Ylva Ceesay wrote.", task)
    told = restored("[PERSON_12] and [PERSON_1]", task)
    assert told.text == "[PERSON_12] and Ylva Ceesay"
    assert told.unknown == ("[PERSON_12]",)


def test_what_was_put_back_is_not_looked_at_again() -> None:
    task = TaskMap()
    told = scrubbed("[PERSON_2] is Ylva Ceesay and Eskil Drobnik", task)
    assert restored(told, task).text == "[PERSON_2] is Ylva Ceesay and Eskil Drobnik"


def test_in_json_an_original_is_written_as_json_wants_it() -> None:
    task = TaskMap()
    task.entry("SECRET", 'a"b\\c\nd')
    assert json.loads(restored('{"key": "[SECRET_1]"}', task, escape=in_json).text) == {"key": 'a"b\\c\nd'}


def test_a_stream_holds_back_no_more_than_one_token() -> None:
    restorer = Restorer(TaskMap())
    passed = 0
    for fed, one in enumerate(
        "An ordinary sentence, with [brackets], a person, an id and PERSON_ inside. " * 4, 1
    ):
        passed += len(restorer.feed(one))
        assert fed - passed <= LONGEST
