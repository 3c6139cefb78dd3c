"""The probe of a language model: one token, by whichever route the model answers (pure)."""

from typing import Any

from tasks.probes.probe import Ask, Busy, Failing, NoWork, Probe, Reply, ids_of, require_good

_OTHER_ROUTE = (400, 404, 405, 422, 501)
"""What vLLM says to a chat without a chat template, or to a route that its model's task lacks."""


def language() -> Probe:
    """One token of the loaded model; `NoWork` when none is loaded, as that is no failure."""
    listed = yield Ask("/v1/models")
    require_good(listed, "/v1/models")
    models = ids_of(listed)
    if not models:
        raise NoWork("no model is loaded")
    refused = ""
    for path, question in _questions(models[0]):
        reply = yield Ask(path, "POST", json=question)
        if reply.status in _OTHER_ROUTE:
            refused = f"{path}: {reply.said}"
            continue
        require_good(reply, path)
        return _answer(reply, path, models[0])
    raise NoWork(f"no probe suits the model {models[0]} ({refused})")


def _questions(model: str) -> list[tuple[str, dict[str, Any]]]:
    chat = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1, "temperature": 0}
    text = {"prompt": "Hello", "max_tokens": 1, "temperature": 0}
    return [
        ("/v1/chat/completions", {"model": model, **chat}),
        ("/v1/completions", {"model": model, **text}),
        ("/v1/embeddings", {"model": model, "input": "Hello"}),
    ]


def _answer(reply: Reply, path: str, model: str) -> str:
    data = reply.data
    if not isinstance(data, dict):
        raise Failing(f"its answer to {path} is no JSON: {reply.said}")
    if isinstance(data.get("error"), dict):
        raise Failing(f"its answer to {path} is an error: {reply.said}")
    if not data.get("choices") and not data.get("data"):
        raise Busy(f"its answer to {path} is empty")
    return f"{model} answers"
