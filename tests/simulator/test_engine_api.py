"""The HTTP surface of a running vLLM stand-in, through real clients."""

import asyncio
import json

import httpx
import openai
import pytest
import pytest_asyncio

from tests.simulator.engines import MODEL, Spark

# One server answers every test here: what it is asked leaves nothing behind.
pytestmark = pytest.mark.asyncio(loop_scope="module")

HELLO = [{"role": "user", "content": "Hello, wörld"}]
WEATHER = {
    "name": "weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
TOOLS = [{"type": "function", "function": WEATHER}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(tmp_path_factory):
    host = Spark(tmp_path_factory.mktemp("cluster") / "spark-1")
    host.has_model()
    words = ["--enable-auto-tool-choice", "--tool-call-parser", "qwen3_xml", "--max-model-len", "4k"]
    async with host.vllm(*words) as running:
        yield await running.ready()


@pytest_asyncio.fixture(loop_scope="module")
async def client(engine):
    async with openai.AsyncOpenAI(base_url=f"{engine.url}/v1", api_key="none", max_retries=0) as sdk:
        yield sdk


async def events(engine, path, body) -> list[dict]:
    """All events of a stream but the last [DONE]."""
    answer = await engine.client.post(path, json=body | {"stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


async def test_a_streamed_chat_says_the_same_as_a_whole_one(client):
    ask = {"model": MODEL, "messages": HELLO, "max_tokens": 60}
    whole = await client.chat.completions.create(**ask)
    usage = {"include_usage": True}
    stream = await client.chat.completions.create(**ask, stream=True, stream_options=usage)
    chunks = [chunk async for chunk in stream]
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert text.startswith(f"This is {MODEL}. You said: Hello, wörld and more plain words")
    assert chunks[-2].choices[0].finish_reason == whole.choices[0].finish_reason == "length"
    assert chunks[-1].usage == whole.usage
    assert whole.usage.completion_tokens == 60


async def test_completions_stream_counts_tokens_on_the_way(engine):
    options = {"include_usage": True, "continuous_usage_stats": True}
    ask = {"prompt": "Once", "max_tokens": 12}
    whole = (await engine.client.post("/v1/completions", json=ask)).json()
    parts = await events(engine, "/v1/completions", ask | {"stream_options": options})
    assert "".join(p["choices"][0]["text"] for p in parts[:-1]) == whole["choices"][0]["text"]
    assert [p["usage"]["completion_tokens"] for p in parts] == [*range(1, 13), 12]


async def test_a_streams_last_line_is_done(engine):
    body = {"messages": HELLO, "max_tokens": 3, "stream": True}
    answer = await engine.client.post("/v1/chat/completions", json=body)
    assert answer.text.endswith("data: [DONE]\n\n")


async def test_stop_strings_several_choices_and_json_are_followed(engine):
    ask = {"messages": HELLO, "max_tokens": 40, "stop": ["You said"], "n": 2}
    answer = (await engine.client.post("/v1/chat/completions", json=ask)).json()
    assert [choice["finish_reason"] for choice in answer["choices"]] == ["stop", "stop"]
    assert answer["choices"][0]["message"]["content"] == f"This is {MODEL}. "
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "ok": {"enum": ["yes"]}}}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    ask = {"messages": HELLO, "response_format": form}
    answer = (await engine.client.post("/v1/chat/completions", json=ask)).json()
    assert json.loads(answer["choices"][0]["message"]["content"]) == {"n": 1, "ok": "yes"}


async def test_a_tool_is_called_when_the_user_speaks_of_it(client, engine):
    call = [{"role": "user", "content": "Please call weather"}]
    ask = {"model": MODEL, "messages": call, "tools": TOOLS}
    whole = (await client.chat.completions.create(**ask)).choices[0]
    assert whole.finish_reason == "tool_calls"
    assert whole.message.tool_calls[0].function.name == "weather"
    wanted = json.loads(whole.message.tool_calls[0].function.arguments)
    assert wanted == {"city": "Please call weather"}
    parts = await events(engine, "/v1/chat/completions", ask)
    calls = [p["choices"][0]["delta"].get("tool_calls") for p in parts]
    text = "".join(call[0]["function"].get("arguments", "") for call in calls if call)
    assert json.loads(text) == wanted
    plain = ask | {"messages": HELLO}
    assert (await client.chat.completions.create(**plain)).choices[0].message.content


async def test_responses_stream_the_text_of_the_whole_answer(client):
    ask = {"model": MODEL, "input": "Hello", "max_output_tokens": 20}
    whole = await client.responses.create(**ask)
    seen = [event async for event in await client.responses.create(**ask, stream=True)]
    text = "".join(event.delta for event in seen if event.type == "response.output_text.delta")
    assert text == whole.output_text == seen[-1].response.output_text
    assert seen[-1].response.usage == whole.usage
    assert [event.sequence_number for event in seen] == list(range(len(seen)))


async def test_messages_stream_anthropics_events(engine):
    ask = {"model": MODEL, "messages": HELLO, "max_tokens": 9}
    whole = (await engine.client.post("/v1/messages", json=ask)).json()
    parts = await events(engine, "/v1/messages", ask)
    text = "".join(p["delta"]["text"] for p in parts if p["type"] == "content_block_delta")
    assert text == whole["content"][0]["text"]
    assert whole["stop_reason"] == parts[-2]["delta"]["stop_reason"] == "max_tokens"
    assert parts[-1] == {"type": "message_stop"}
    counted = (await engine.client.post("/v1/messages/count_tokens", json=ask)).json()
    assert counted["input_tokens"] == whole["usage"]["input_tokens"]


async def test_detokenize_undoes_tokenize(engine):
    text = "Hello, wörld!\n\n2 more."
    ids = (await engine.client.post("/tokenize", json={"prompt": text})).json()
    assert ids["count"] == len(ids["tokens"])
    assert ids["max_model_len"] == 4000
    back = await engine.client.post("/detokenize", json={"tokens": ids["tokens"]})
    assert back.json() == {"prompt": text}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"model": "x", "messages": HELLO}, 404, "The model `x` does not exist."),
        ({"messages": HELLO, "max_tokens": 5000}, 400, "maximum context length is 4000 tokens"),
        ({"messages": [{"role": "user", "content": "a " * 4000}]}, 400, "reduce the length"),
        ({"messages": []}, 400, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "multimodal"),
        ({"messages": ["hello"]}, 400, "value_error"),
        ({"messages": HELLO, "max_tokens": "many"}, 400, "value_error"),
        ({"messages": HELLO, "max_tokens": 0}, 400, "must be at least 1"),
        ({"messages": HELLO, "n": 0}, 400, "n must be at least 1"),
    ],
)
async def test_refusals_have_vllms_shape(engine, body, status, words):
    answer = await engine.client.post("/v1/chat/completions", json=body)
    error = answer.json()["error"]
    assert answer.status_code == error["code"] == status
    assert words in error["message"]
    assert set(error) == {"message", "type", "param", "code"}


async def test_a_model_that_generates_does_not_embed(engine):
    answer = await engine.client.post("/v1/embeddings", json={"input": "x"})
    assert answer.status_code == 404


async def test_a_request_whose_client_leaves_is_aborted_at_once(engine):
    ask = {"messages": HELLO, "max_tokens": 3000, "ignore_eos": True}
    for leave in (_leave_stream, _leave_whole):
        await leave(engine, ask)
        await engine.says("Aborted request")
        counted = (await engine.client.get("/simulator/requests")).json()
        assert counted["running"] == 0
    assert counted["aborted"] == 2


async def _leave_stream(engine, ask):
    body = ask | {"stream": True}
    async with (
        httpx.AsyncClient() as client,
        client.stream("POST", f"{engine.url}/v1/chat/completions", json=body) as answer,
    ):
        await anext(answer.aiter_bytes())


async def _leave_whole(engine, ask):
    async with httpx.AsyncClient() as client:
        asking = asyncio.create_task(client.post(f"{engine.url}/v1/chat/completions", json=ask))
        while not (await engine.client.get("/simulator/requests")).json()["running"]:
            assert not asking.done()
        asking.cancel()


async def made(engine) -> float:
    lines = (await engine.client.get("/metrics")).text.splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith("vllm:generation_tokens_total{"))


async def test_metrics_and_the_log_tell_what_was_done(engine):
    before = await made(engine)
    ask = {"messages": HELLO, "max_tokens": 50}
    await engine.client.post("/v1/chat/completions", json=ask)
    assert await made(engine) == before + 50
    text = (await engine.client.get("/metrics")).text
    assert 'engine="0",model_name="maker/Model-8B",finished_reason="length"}' in text
    for name in ("time_to_first_token", "inter_token_latency", "e2e_request_latency"):
        assert f"vllm:{name}_seconds_bucket" in text
    await engine.says("Avg prompt throughput:")
    for path in ("/version", "/load", "/ping"):
        assert (await engine.client.get(path)).status_code == 200


async def test_without_the_flag_automatic_tool_choice_is_refused_and_keys_are_asked(tmp_path):
    host = Spark(tmp_path / "spark-1")
    host.has_model(vision_config={})
    async with host.vllm("--api-key", "secret", "--served-model-name", "a", "b") as engine:
        await engine.ready()
        for path in ("/health", "/ping", "/load", "/version"):
            assert (await engine.client.get(path)).status_code == 200
        refused = await engine.client.get("/v1/models")
        assert (refused.status_code, refused.json()) == (401, {"error": "Unauthorized"})
        assert (await engine.client.get("/metrics")).status_code == 401
        engine.client.headers["authorization"] = "Bearer secret"
        listed = (await engine.client.get("/v1/models")).json()["data"]
        assert [model["id"] for model in listed] == ["a", "b"]
        ask = {"messages": HELLO, "tools": TOOLS, "model": "b"}
        answer = await engine.client.post("/v1/chat/completions", json=ask)
        assert answer.status_code == 400
        assert "--enable-auto-tool-choice" in answer.json()["error"]["message"]
        image = [{"type": "image_url"}, {"type": "text", "text": "What is it?"}]
        ask = {"messages": [{"role": "user", "content": image}]}
        answer = await engine.client.post("/v1/chat/completions", json=ask)
        assert "What is it?" in answer.json()["choices"][0]["message"]["content"]


async def test_an_embedding_model_embeds_and_does_not_generate(tmp_path):
    host = Spark(tmp_path / "spark-1")
    host.has_model(architectures=["XLMRobertaModel"], hidden_size=64)
    async with host.vllm() as engine:
        await engine.ready()
        answer = await engine.client.post("/v1/embeddings", json={"input": ["one", "two"]})
        assert [len(item["embedding"]) for item in answer.json()["data"]] == [64, 64]
        answer = await engine.client.post("/v1/chat/completions", json={"messages": HELLO})
        assert answer.status_code == 404
