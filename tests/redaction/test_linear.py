"""No text takes more than its share of time: four times the text, at most five times as long."""

import gc
import time
from collections.abc import Iterator

import pytest

from gateway.redaction.scrub import Policy, find, replaced
from gateway.redaction.task_map import TaskMap

FLOODS = {
    "mails": "Dear Ida Fjeldstad, write to ida{n}@example.org.\n",
    "dashes": "12-", "dots": "a.", "colons": "a:",
    "keys": "-----BEGIN RSA PRIVATE KEY-----\n", "accents": "é", "brackets": "[", "entities": "&lt;",
    "digits": "1 ", "tokens": "PERSON_", "letters": "A", "words": "password ", "lines": "\n",
    "streets": "12 Main ", "initials": "J. ", "spelled": "a at b dot ", "base64": "QUJD",
    "numerals": "٣", "names": "Ida Fjeldstad{n} ", "accounts": "DE89 ", "capitals": "Xq Zt ",
}  # fmt: skip
_LEAST_SECONDS = 0.02
"""Below this a measurement says more of the machine than of the text."""
_ROUNDS = 5
"""A busy machine spoils some measurements; what grows faster than the text fails in each of them."""


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    """As in a worker."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _once(text: str) -> float:
    """Processor time of one search."""
    task = TaskMap()
    before = time.process_time()
    replaced(text, find(text, Policy()), task)
    return time.process_time() - before


@pytest.mark.parametrize("flood", FLOODS)
def test_four_times_the_text_takes_at_most_five_times_as_long(flood: str) -> None:
    piece = FLOODS[flood]
    text = "".join(piece.replace("{n}", str(n)) for n in range(120_000 // len(piece)))
    _once(text[:1000])
    rounds = ((_once(text[: len(text) // 4]), _once(text)) for _ in range(_ROUNDS))
    assert any(whole <= 5 * max(_LEAST_SECONDS, quarter) for quarter, whole in rounds)
