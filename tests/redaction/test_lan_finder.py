"""The model on the LAN adds to the rules what it quotes, within its time, and nothing else it does counts."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocks.ledger.runs import report, start_run
from blocks.ledger.store import Ledger
from gateway.redaction.lan import Lan
from gateway.redaction.lan_finder import LanFinder, Unsearched, entities
from gateway.redaction.options import RedactionOptions
from gateway.redaction.quotes import Quote, quoted
from gateway.redaction.scrub import Policy, find
from tests.redaction.conftest import House

NAME, MAIL = "pale kettle", "ylva.ceesay@example.org"
TEXT = f"the {NAME} met {MAIL} by the river"
"""The name is of ordinary words: no rule takes it for one."""

FOUND = [{"text": NAME, "type": "PERSON"}, {"text": "nowhere in it", "type": "IBAN"}]


@pytest.fixture
def lan(house: House) -> Iterator[House]:
    house.lan.finds = json.dumps({"entities": FOUND})
    house.lan.saw.clear()
    yield house
    house.lan.status, house.lan.ending = 200, "stop"


@pytest.mark.parametrize("caller", ["curious", "careful"])
def test_what_the_model_quotes_becomes_a_token_as_well(lan: House, caller: str) -> None:
    told = lan.client[caller].post("/scrub", json={"text": TEXT}).json()

    assert told["text"] == "the [PERSON_1] met [EMAIL_1] by the river"
    assert [one["rule"] for one in told["entities"] if one["type"] == "PERSON"] == ["lan"]
    assert told["complete"] is True
    assert TEXT in lan.lan.saw[0]
    assert '"json_schema"' in lan.lan.saw[0]


def test_the_outside_model_sees_nothing_of_what_it_quotes(lan: House) -> None:
    answer = lan.ask("careful", TEXT)

    assert answer.json()["choices"][0]["message"]["content"] == TEXT
    assert not [one for one in (NAME, MAIL) if one in lan.outside.saw[0]]


def test_a_caller_whose_policy_does_not_name_it_never_waits_for_it(lan: House) -> None:
    told = lan.client["admin"].post("/scrub", json={"text": TEXT}).json()

    assert told["text"] == f"the {NAME} met [EMAIL_1] by the river"
    assert told["complete"] is True
    assert not lan.lan.saw


@pytest.mark.parametrize(
    ("status", "finds", "ending"),
    [
        (500, "", "stop"),
        (200, "I can not help with that.", "stop"),
        (200, None, "stop"),
        (200, '{"entities": "pale kettle"}', "stop"),
        (200, '{"entities": []}', "length"),
    ],
    ids=["an error", "a refusal", "no words", "another form", "cut off"],
)
def test_when_it_cannot_search_one_policy_does_without_and_the_other_refuses(
    lan: House, status: int, finds: str | None, ending: str
) -> None:
    lan.lan.status, lan.lan.finds, lan.lan.ending = status, finds, ending

    without = lan.client["curious"].post("/scrub", json={"text": TEXT}).json()
    refused = lan.ask("careful", TEXT)

    assert (without["text"], without["complete"]) == (f"the {NAME} met [EMAIL_1] by the river", False)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "redaction_failed")
    assert "nothing was sent" in refused.json()["error"]["message"]
    assert not [one for one in (NAME, MAIL) if one in refused.text]
    assert not lan.outside.saw


def test_while_a_swap_is_under_way_it_is_not_asked(lan: House) -> None:
    run = lan.prefect.add_run("RUNNING")
    with closing(Ledger(lan.ledger_url)) as ledger:
        start_run(ledger, run, "swap", "beta", None)
        report(ledger, run, "phase", {}, phase="draining")
    _wait_until_complete_is(False, lan)
    lan.lan.saw.clear()
    answer = lan.client["careful"].post("/scrub", json={"text": TEXT})
    asked = list(lan.lan.saw)
    lan.prefect.set_state(run, "COMPLETED")
    _wait_until_complete_is(True, lan)

    assert (answer.status_code, asked) == (503, [])
    assert "being loaded" in answer.json()["error"]["message"]


def _wait_until_complete_is(wanted: bool, lan: House) -> None:
    until = time.monotonic() + 30
    while lan.client["curious"].post("/scrub", json={"text": TEXT}).json()["complete"] is not wanted:
        assert time.monotonic() < until, "the gateway did not see what became of the swap"


def test_a_longer_text_than_it_can_search_is_refused_where_it_must(lan: House) -> None:
    answer = lan.client["careful"].post("/scrub", json={"text": "river " * 40_000})

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "redaction_failed")
    assert "characters at most" in answer.json()["error"]["message"]


def test_it_has_a_time_limit() -> None:
    async def ask_a_silent_one(port: int) -> None:
        lan = Lan(RedactionOptions(), lambda: ("alpha",))
        lan.address = "127.0.0.1", port
        try:
            await LanFinder(lan, 0.1, lambda: True).quotes([TEXT], [])
        finally:
            await lan.close()

    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(Unsearched, match=r"within 0\.1 seconds"),
    ):
        asyncio.run(ask_a_silent_one(silent.getsockname()[1]))


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=80).map(lambda text: json.dumps(text).encode())))
def test_no_answer_breaks_the_search(body: bytes) -> None:
    wrapped = json.dumps({"choices": [{"message": {"content": body.decode("utf-8", "replace")}}]}).encode()
    for one in (body, wrapped, b"[" * 100_000):
        with pytest.raises(Unsearched):
            entities(one)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(("Ylva Ceesay", MAIL, "kettle", "river", " ", "ana", "a", ".", "é")), max_size=20
    ),
    st.lists(
        st.builds(Quote, st.sampled_from((NAME, "kettle", "ana ana", "", " ", "a", "river.")), st.just("X"))
    ),
)
def test_whatever_it_quotes_nothing_that_the_rules_found_is_lost(
    pieces: list[str], quotes: list[Quote]
) -> None:
    text = "".join(pieces)
    without = {at for one in find(text, Policy()) for at in range(one.start, one.end)}

    found = find(text, Policy(), (), quoted(quotes))

    assert without <= {at for one in found for at in range(one.start, one.end)}
    assert all(one.end <= then.start for one, then in pairwise(found))


def test_a_quote_is_found_as_a_whole_word_wherever_it_stands_and_however_it_is_written() -> None:
    finder = quoted([Quote("a a", "PERSON"), Quote("Zo\u00eb\u00a0Kettle", "NONSENSE")])
    assert finder is not None

    found = [(one.start, one.end, one.type) for one in finder("ba a a, Zo\u00eb Kettle; Zo\u00eb Kettles")]

    assert found == [(3, 6, "PERSON"), (8, 18, "KNOWN")]
