"""Who may send what where: callers with keys and policies of their own, over real sockets."""

import json
from typing import Any

import pytest

from tests.redaction.conftest import HOST, POLICIES, House

NAME, MAIL = "Ylva Ceesay", "ylva.ceesay@example.org"
TEXT = f"Tell {NAME} ({MAIL}) that it was charged."
LEFT = [{"type": "function", "function": {"name": "f", "parameters": {"pattern": MAIL}}}]
"""A tool whose schema holds what is not scrubbed there: only the last look sees it."""

TOO_LONG = "a" * 2_000_001
PICTURE = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]


@pytest.mark.parametrize("api", ["chat/completions", "messages", "responses"])
def test_each_api_goes_out_scrubbed_and_comes_back_whole(house: House, api: str) -> None:
    answer = house.ask("admin", TEXT, api)

    assert answer.headers.get("x-redaction-route") == "outside", answer.text
    assert TEXT in json.dumps(answer.json())
    assert not [one for one in (NAME, MAIL) if one in house.outside.saw[0]]
    assert not house.lan.saw


def test_a_policy_holds_for_its_caller_alone(house: House) -> None:
    told = {who: house.client[who].post("/scrub", json={"text": TEXT}).json() for who in ("crm", "lab")}

    assert told["crm"]["counts"] == {"PERSON": 1}
    assert told["lab"]["counts"] == {"PERSON": 1, "EMAIL": 1}


def test_another_key_restores_nothing_of_a_task(house: House) -> None:
    told = house.client["crm"].post("/scrub", json={"text": NAME}).json()
    asked = {"text": told["text"], "task_id": told["task_id"]}

    assert house.client["crm"].post("/rehydrate", json=asked).json()["text"] == NAME
    assert house.client["lab"].post("/rehydrate", json=asked).json()["text"] == told["text"]


def test_text_goes_to_no_host_that_the_policy_does_not_name(house: House) -> None:
    answer = house.ask("abroad", TEXT)

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "host_not_allowed")
    assert not house.outside.saw


@pytest.mark.parametrize(
    ("caller", "content", "more"),
    [
        ("board", TEXT, {}),
        ("board", PICTURE, {}),
        ("lab", PICTURE, {}),
        ("lab", TOO_LONG, {}),
        ("lab", TEXT, {"tools": LEFT}),
    ],
    ids=["never outside", "never outside, a picture", "a picture", "too long", "a value is left"],
)
def test_what_may_not_or_cannot_go_outside_is_answered_on_the_lan(
    house: House, caller: str, content: Any, more: dict[str, Any]
) -> None:
    answer = house.ask(caller, content, **more)

    assert (answer.status_code, answer.headers.get("x-redaction-route")) == (200, "lan"), answer.text[:300]
    assert '"model": "alpha"' in house.lan.saw[0]
    assert not house.outside.saw


@pytest.mark.parametrize("content", [TEXT, TOO_LONG[:-1] + TEXT], ids=["never outside", "too long"])
def test_the_lan_streams_its_answer_as_it_is_and_nothing_of_it_goes_outside(
    house: House, content: str
) -> None:
    caller = "board" if content == TEXT else "lab"
    house.lan.says = TEXT
    answer = house.ask(caller, content, stream=True)
    house.lan.says = ""

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-redaction-route"] == "lan"
    assert "x-redaction-task" not in answer.headers
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
    assert "".join(one["choices"][0]["delta"].get("content", "") for one in events) == TEXT
    assert answer.text.endswith("data: [DONE]\n\n")
    assert not house.outside.saw


def test_the_lan_answers_also_where_the_gateway_takes_requests_for_one_host_name_only(house: House) -> None:
    elsewhere = house.client["board"].post("/scrub", json={"text": TEXT}, headers={"host": "127.0.0.1"})
    answer = house.ask("board", TEXT)

    assert elsewhere.status_code == 403, elsewhere.text
    assert (answer.status_code, answer.headers["x-redaction-route"]) == (200, "lan")
    assert f"host: {HOST}" not in house.lan.saw[0].lower()


@pytest.mark.parametrize(
    ("content", "more", "code"),
    [
        (PICTURE, {}, "media_refused"),
        (TOO_LONG, {}, "redaction_failed"),
        (TEXT, {"tools": LEFT}, "redaction_failed"),
    ],
    ids=["a picture", "too long", "a value is left"],
)
def test_without_such_a_policy_it_is_refused_and_nobody_sees_it(
    house: House, content: Any, more: dict[str, Any], code: str
) -> None:
    answer = house.ask("admin", content, **more)

    assert answer.json()["error"]["code"] == code
    assert MAIL not in answer.text
    assert not house.outside.saw
    assert not house.lan.saw


def test_an_error_of_the_outside_model_comes_back_with_its_status_and_the_originals(house: House) -> None:
    house.outside.status, house.outside.says = 429, "[PERSON_1]"
    answer = house.ask("admin", NAME)
    house.outside.status, house.outside.says = 200, ""

    assert answer.status_code == 429
    assert answer.json() == {"error": {"message": f"no: {NAME}"}}


def test_policies_that_cannot_be_read_refuse_every_request(house: House) -> None:
    for broken in ("{", '{"default": {"off": ["COLOUR"]}}', '{"default": {"unsafe": "send"}}'):
        house.policies.write_text(broken)
        answer = house.ask("lab", TEXT)

        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "redaction_failed")
        assert not house.outside.saw
        assert not house.lan.saw
    house.policies.write_text(json.dumps(POLICIES))
    assert house.ask("lab", TEXT).status_code == 200


def test_known_people_are_put_counted_and_deleted_and_count_at_once(house: House) -> None:
    admin, known = house.client["admin"], "/api/redaction/known"
    text = {"text": "they said hope winter will pay"}

    assert admin.put(known, content="name,mail\nHope Winter,hw@example.org\n").json() == {"count": 3}
    assert admin.get(known).json() == {"count": 3, "problem": ""}
    assert admin.post("/scrub", json=text).json()["text"] == "they said [PERSON_1] will pay"
    assert admin.put(known, content='["Hope').status_code == 400
    assert admin.get(known).json()["count"] == 3
    assert admin.delete(known).json() == {"deleted": True}
    assert admin.post("/scrub", json=text).json()["text"] == text["text"]
    assert house.client["crm"].put(known, content="Hope Winter").status_code == 403
