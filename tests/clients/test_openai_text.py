"""OpenAI's Python client, as it is: chat, tools, pictures, responses, embeddings and the list of models."""

import json

import openai
import pytest
import pytest_asyncio

from tests.clients.tools import CITY, QUESTION, TOOL, picture
from tests.simulator.engines import MODEL

pytestmark = pytest.mark.asyncio(loop_scope="session")

HELLO = [{"role": "user", "content": "Hello, wörld"}]


@pytest_asyncio.fixture(loop_scope="session")
async def client(home):
    async with openai.AsyncOpenAI(base_url=home.v1, api_key="none", max_retries=0) as client:
        yield client


async def test_a_chat_is_answered(client):
    answer = await client.chat.completions.create(model=MODEL, messages=HELLO)

    assert "Hello, wörld" in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


async def test_a_stream_says_the_same_and_ends_with_its_usage(client):
    whole = await client.chat.completions.create(model=MODEL, messages=HELLO)
    stream = await client.chat.completions.create(
        model=MODEL, messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage


async def test_a_tool_is_called_and_its_result_is_heard(client):
    messages = [{"role": "user", "content": QUESTION}]
    asked = await client.chat.completions.create(model=MODEL, messages=messages, tools=[TOOL])
    (call,) = asked.choices[0].message.tool_calls
    messages += [
        asked.choices[0].message,
        {"role": "tool", "tool_call_id": call.id, "content": "Rain"},
        {"role": "user", "content": "And now?"},
    ]
    told = await client.chat.completions.create(
        model=MODEL, messages=messages, tools=[TOOL], tool_choice="none"
    )

    assert asked.choices[0].finish_reason == "tool_calls"
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"city": QUESTION})
    assert "And now?" in told.choices[0].message.content


async def test_a_streamed_tool_call_is_put_together(client):
    messages = [{"role": "user", "content": QUESTION}]
    async with client.chat.completions.stream(model=MODEL, messages=messages, tools=[TOOL]) as stream:
        answer = await stream.get_final_completion()

    (call,) = answer.choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == {"city": QUESTION}


async def test_an_answer_follows_a_schema(client):
    schema = {"type": "json_schema", "json_schema": {"name": "place", "schema": CITY}}
    answer = await client.chat.completions.create(model=MODEL, messages=HELLO, response_format=schema)

    assert json.loads(answer.choices[0].message.content) == {"city": "Hello, wörld"}


async def test_a_picture_is_looked_at(client):
    url = {"url": f"data:image/png;base64,{picture()}"}
    content = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": url}]
    answer = await client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": content}]
    )

    assert "What is it?" in answer.choices[0].message.content


async def test_embeddings_come_in_base64_and_are_decoded(client):
    packed = await client.embeddings.create(model="BAAI/bge-m3", input=["one", "two"])
    plain = await client.embeddings.create(model="BAAI/bge-m3", input=["one", "two"], encoding_format="float")

    assert [len(item.embedding) for item in packed.data] == [1024, 1024]
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)


async def test_a_response_is_whole_and_streamed(client):
    whole = await client.responses.create(model=MODEL, input="Hello")
    stream = await client.responses.create(model=MODEL, input="Hello", stream=True)
    events = [event async for event in stream]

    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == whole.output_text
    assert events[-1].type == "response.completed"


async def test_legacy_completions_are_streamed(client):
    stream = await client.completions.create(model=MODEL, prompt="Once", max_tokens=12, stream=True)

    assert len([chunk async for chunk in stream]) == 12


async def test_the_loaded_model_is_listed(client):
    assert MODEL in [model.id async for model in client.models.list()]


async def test_a_client_that_closes_its_stream_frees_the_model(client, home):
    before = await home.aborted()
    stream = await client.chat.completions.create(
        model=MODEL, messages=HELLO, max_tokens=20_000, stream=True, extra_body={"ignore_eos": True}
    )
    await anext(stream)
    await stream.close()

    await home.until_aborted(before)
