"""What OpenAI's Python client makes of refusals: the class of its exception, and when it asks again."""

import openai
import pytest

from tests.clients.moody import RETRY_SECONDS
from tests.simulator.engines import MODEL

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def client(home):
    with openai.OpenAI(base_url=home.v1, api_key="none", max_retries=0) as client:
        yield client


def refused(client, kind: type[openai.APIStatusError], **fields) -> openai.APIStatusError:
    with pytest.raises(kind) as caught:
        client.chat.completions.create(**({"model": MODEL, "messages": HELLO} | fields))
    return caught.value


def test_an_unknown_model_is_not_found(client):
    error = refused(client, openai.NotFoundError, model="nobody/knows")

    assert (error.code, error.param, error.type) == ("model_not_found", "model", "invalid_request_error")
    assert "nobody/knows" in error.message


def test_what_the_model_refuses_is_a_bad_request_in_its_own_words(client):
    error = refused(client, openai.BadRequestError, max_tokens=0)

    assert "max_tokens must be at least 1, got 0." in error.message
    assert error.type == "BadRequestError"


def test_a_model_that_is_not_loaded_is_a_conflict(client):
    error = refused(client, openai.ConflictError, model="beta")

    assert (error.status_code, error.code) == (409, "model_not_loaded")


def test_a_model_that_loads_is_worth_waiting_for(client, coming):
    error = refused(client, openai.InternalServerError, model="beta")

    assert error.status_code == 503
    assert int(error.response.headers["retry-after"]) >= 1
    assert error.response.json()["loading"]["run"] == coming


@pytest.mark.parametrize(
    ("status", "kind"), [(429, openai.RateLimitError), (503, openai.InternalServerError)]
)
def test_a_busy_service_is_told_as_it_is(home, client, status, kind):
    path = home.moody.path(status)
    busy = client.with_options(base_url=f"{home.url}/upstream/moody{path}/v1")

    error = refused(busy, kind)

    assert error.status_code == status
    assert error.response.headers["retry-after"] == str(RETRY_SECONDS)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_when_it_said(home, client, status):
    path = home.moody.path(status)
    patient = client.with_options(base_url=f"{home.url}/upstream/moody{path}/v1", max_retries=1)

    answer = patient.chat.completions.create(model=MODEL, messages=HELLO)

    assert answer.choices[0].message.content == "Again."
    assert home.moody.waited(path) >= RETRY_SECONDS


def test_a_gateway_that_is_not_there_is_a_connection_error():
    with (
        openai.OpenAI(base_url="http://127.0.0.1:1/v1", api_key="none", max_retries=0) as client,
        pytest.raises(openai.APIConnectionError),
    ):
        client.models.list()
