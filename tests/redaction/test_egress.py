"""The last look at what leaves: a value that the scrubbing did not reach is seen, a token is none."""

import pytest

from gateway.redaction.egress import leaves, left_in
from gateway.redaction.scrub import Policy, find, replaced
from gateway.redaction.task_map import TaskMap
from tests.redaction.people import Maker, letters


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to ylva.ceesay@example.org", "EMAIL"),
        ("call +49 30 5550100", "PHONE"),
        ("DE89370400440532013000", "IBAN"),
        ("ylva.ceesay@ex\u200bample.org", "EMAIL"),
        ("password: [SECRET_1], mail: [EMAIL_1]", ""),
        ("gpt-4o-2024-08-06", ""),
    ],
)
def test_a_value_of_a_known_form_is_seen_and_a_token_is_none(text: str, kind: str) -> None:
    assert left_in([text], frozenset()) == kind


def test_a_type_that_the_policy_lets_stay_is_none() -> None:
    assert left_in(["write to ylva.ceesay@example.org"], frozenset({"EMAIL"})) == ""


@pytest.mark.parametrize("seed", range(10))
def test_no_scrubbed_text_is_refused(seed: int) -> None:
    for text, _ in letters(Maker(seed)):
        assert left_in([replaced(text, find(text, Policy()), TaskMap())[0]], frozenset()) == ""


def test_also_fields_that_are_not_scrubbed_are_looked_at_but_not_what_the_model_made_itself() -> None:
    body = {
        "model": "m",
        "user": "a@example.org",
        "tools": [{"function": {"name": "send_mail", "parameters": {"pattern": "b@example.org"}}}],
        "messages": [{"role": "user", "content": "hi", "tool_call_id": "c@example.org"}],
    }

    assert list(leaves(body)) == ["m", "a@example.org", "send_mail", "b@example.org", "user", "hi"]
