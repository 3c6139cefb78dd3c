"""LangChain's client for OpenAI, as it is: invoke, stream, tools, structured output, embeddings."""

import openai
import pytest
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

from tests.clients.tools import QUESTION
from tests.simulator.engines import MODEL


class Place(BaseModel):
    """A place on earth."""

    city: str


@tool
def weather(city: str) -> str:
    """The weather in a city now."""
    return f"Rain in {city}"


@pytest.fixture
def model(home) -> ChatOpenAI:
    return ChatOpenAI(model=MODEL, base_url=home.v1, api_key="none", max_retries=0)


def test_invoke_and_stream_say_the_same(model):
    whole = model.invoke("Hello, wörld")
    chunks = list(model.stream("Hello, wörld"))

    assert "Hello, wörld" in whole.content
    assert "".join(chunk.content for chunk in chunks) == whole.content
    assert whole.usage_metadata["output_tokens"] > 0


def test_a_bound_tool_is_called_and_its_result_is_heard(model):
    asked = model.bind_tools([weather]).invoke(QUESTION)
    (call,) = asked.tool_calls
    result = weather.invoke(call)
    told = model.invoke([HumanMessage(QUESTION), asked, result, HumanMessage("And now?")])

    assert (call["name"], call["args"]) == ("weather", {"city": QUESTION})
    assert isinstance(result, ToolMessage)
    assert "And now?" in told.content


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_an_answer_has_the_structure_that_is_asked_for(model, method):
    assert model.with_structured_output(Place, method=method).invoke("Bonn") == Place(city="Bonn")


def test_embeddings_are_made(home):
    # Without the check of the context length no tokenizer is fetched from the internet.
    client = OpenAIEmbeddings(
        model="BAAI/bge-m3", base_url=home.v1, api_key="none", check_embedding_ctx_length=False
    )

    assert [len(vector) for vector in client.embed_documents(["one", "two"])] == [1024, 1024]


def test_an_unknown_model_is_not_found(home):
    with pytest.raises(openai.NotFoundError):
        ChatOpenAI(model="nobody/knows", base_url=home.v1, api_key="none", max_retries=0).invoke("Hello")
