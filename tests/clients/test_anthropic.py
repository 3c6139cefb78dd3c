"""Anthropic's Python client, as it is, before the same model."""

import anthropic
import pytest

from tests.clients.moody import RETRY_SECONDS
from tests.clients.tools import ANTHROPIC_TOOL, QUESTION, picture
from tests.simulator.engines import MODEL

HELLO = [{"role": "user", "content": "Hello, wörld"}]


@pytest.fixture
def client(home):
    with anthropic.Anthropic(base_url=home.url, api_key="none", max_retries=0) as client:
        yield client


def say(client, messages=HELLO, **fields) -> anthropic.types.Message:
    return client.messages.create(**({"model": MODEL, "max_tokens": 100, "messages": messages} | fields))


def test_a_message_is_answered(client):
    answer = say(client, system="Be short.")

    assert "Hello, wörld" in answer.content[0].text
    assert (answer.stop_reason, answer.usage.output_tokens) == ("max_tokens", 100)


def test_a_stream_says_the_same(client):
    with client.messages.stream(model=MODEL, max_tokens=100, messages=HELLO) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()

    assert len(pieces) > 1
    assert "".join(pieces) == final.content[0].text == say(client).content[0].text


def test_a_tool_is_called_and_its_result_is_heard(client):
    messages = [{"role": "user", "content": QUESTION}]
    asked = say(client, messages, tools=[ANTHROPIC_TOOL])
    (use,) = asked.content
    result = {"type": "tool_result", "tool_use_id": use.id, "content": "Rain"}
    messages += [{"role": "assistant", "content": asked.content}, {"role": "user", "content": [result]}]
    told = say(client, messages, tools=[ANTHROPIC_TOOL], tool_choice={"type": "none"})

    assert (asked.stop_reason, use.name, use.input) == ("tool_use", "weather", {"city": QUESTION})
    assert "Rain" in told.content[0].text


def test_a_streamed_tool_call_is_put_together(client):
    ask = {"model": MODEL, "max_tokens": 100, "tools": [ANTHROPIC_TOOL]}
    with client.messages.stream(messages=[{"role": "user", "content": QUESTION}], **ask) as stream:
        (use,) = stream.get_final_message().content

    assert use.input == {"city": QUESTION}


def test_a_picture_is_looked_at(client):
    source = {"type": "base64", "media_type": "image/png", "data": picture()}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "What is it?"}]

    assert "What is it?" in say(client, [{"role": "user", "content": content}]).content[0].text


def test_tokens_are_counted_without_an_answer(client):
    counted = client.messages.count_tokens(model=MODEL, messages=HELLO)

    assert counted.input_tokens == say(client).usage.input_tokens


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"model": "nobody/knows"}, anthropic.NotFoundError),
        ({"model": "beta"}, anthropic.ConflictError),
        ({"max_tokens": -1}, anthropic.BadRequestError),
    ],
    ids=str,
)
def test_refusals_have_their_class(client, fields, kind):
    with pytest.raises(kind):
        say(client, **fields)


def test_a_model_that_loads_is_worth_waiting_for(client, coming):
    with pytest.raises(anthropic.InternalServerError) as caught:
        say(client, model="beta")

    assert caught.value.status_code == 503
    assert int(caught.value.response.headers["retry-after"]) >= 1


def test_a_busy_service_is_asked_again_when_it_said(home, client):
    path = home.moody.path(429)
    patient = client.with_options(base_url=f"{home.url}/upstream/moody{path}", max_retries=1)

    patient.messages.create(model=MODEL, max_tokens=9, messages=HELLO)

    assert home.moody.waited(path) >= RETRY_SECONDS
