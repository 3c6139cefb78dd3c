"""The outside model: asked with scrubbed text only, its answer passed on with the originals back."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from gateway.problem import Problem
from gateway.redaction.answer import restored_answer
from gateway.redaction.answer_stream import DIALECTS, AnswerStream
from gateway.redaction.body import Places
from gateway.redaction.egress import leaves
from gateway.redaction.options import RedactionOptions
from gateway.redaction.phrases import Phrases
from gateway.redaction.policies import Rules
from gateway.redaction.redaction import Headers, Redaction
from gateway.redaction.task_map import TaskMap
from gateway.redaction.tokens import tokens

NOTE = (
    "Some values in this conversation were replaced by tokens such as [PERSON_1] or "
    "[EMAIL_2]. The same token always "
    "stands for the same value; [PERSON_1B] is another form of the name of [PERSON_1]. Use "
    "the tokens as they are "
    "wherever you mean the value, copy them exactly, and do not explain or invent any."
)
_SILENCE_SECONDS = 600.0


class Outside:
    """
    Asks the configured outside model.

    Args:
        options: Where it is, and its key.
        redaction: Scrubs what is sent.
    """

    def __init__(self, options: RedactionOptions, redaction: Redaction) -> None:
        self._options = options
        self._redaction = redaction
        self._made: httpx.AsyncClient | None = None

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._made is None:
            self._made = httpx.AsyncClient(
                timeout=httpx.Timeout(_SILENCE_SECONDS, connect=10), trust_env=False
            )
        return self._made

    def rules(self, caller: str) -> Rules:
        """What a caller's policy says; `Problem` while the policies cannot be read."""
        return self._redaction.policies.of(caller)

    async def scrubbed(
        self, caller: str, api: str, body: dict[str, Any], task_id: str, headers: Headers
    ) -> tuple[bytes, TaskMap, str]:
        """
        A request as it may leave the house, the task's map, and the task's id; `Problem` when it may not.

        Args:
            caller: Whose task it is.
            api: A key of `DIALECTS`.
            body: As the caller sent it.
            task_id: Of an earlier request; blank: a new task.
            headers: Of the caller, for the model on the LAN; nothing of them leaves the house.
        """
        rules = self.rules(caller)
        if not self._options.outside_url:
            raise Problem(503, "no outside model is set (REDACTION_OUTSIDE_URL)", "no_outside_model")
        if not rules.allows(self._options.outside_url):
            host = urlsplit(self._options.outside_url).hostname
            raise Problem(
                403, f"the policy of this caller does not allow text to go to {host}", "host_not_allowed"
            )
        places = Places(body)
        told = await self._redaction.scrub(caller, places.texts, rules.policy, task_id, (), headers)
        ready = places.filled(told.texts)
        await self._redaction.require_safe(list(leaves(ready)), rules.policy)
        if told.counts:
            ready = _with_note(api, ready)
        if self._options.outside_model:
            ready["model"] = self._options.outside_model
        sent = json.dumps(ready, ensure_ascii=False)
        require_clean(sent, told.task)
        return sent.encode("utf-8", "replace"), told.task, told.task_id

    async def ask(self, api: str, body: bytes) -> httpx.Response:
        """The answer, as soon as it begins; `Problem` when none does."""
        url = f"{self._options.outside_url}/{api}"
        request = self._client.build_request("POST", url, content=body, headers=self._headers(api))
        try:
            return await self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            message = f"the outside model does not answer ({type(error).__name__})"
            raise Problem(502, message, "upstream_unreachable") from None

    def _headers(self, api: str) -> dict[str, str]:
        """Nothing of the caller's own headers leaves the house."""
        headers = {"content-type": "application/json", "user-agent": "spark-control"}
        key = self._key()
        if api == "messages":
            return {**headers, "anthropic-version": "2023-06-01", **({"x-api-key": key} if key else {})}
        return {**headers, **({"authorization": f"Bearer {key}"} if key else {})}

    def _key(self) -> str:
        if not self._options.outside_key_file:
            return ""
        path = Path(self._options.outside_key_file)
        try:
            is_open = path.stat().st_mode & 0o077
            key = path.read_text("ascii").strip()
        except (OSError, ValueError):
            is_open, key = 1, ""
        if is_open:
            message = (
                "the outside model's key file is missing or others can read it (chmod 600): nothing was sent"
            )
            raise Problem(503, message, "no_outside_key")
        return key

    async def close(self) -> None:
        """Close the connections."""
        if self._made is not None:
            await self._made.aclose()


async def restored_stream(answer: httpx.Response, api: str, task: TaskMap) -> AsyncIterator[bytes]:
    """The events of an answer with the originals back; a break is told as an event."""
    stream = AnswerStream(task, DIALECTS[api])
    try:
        async for data in answer.aiter_bytes():
            if ready := stream.feed(data):
                yield ready
        yield stream.end()
    except httpx.HTTPError as error:
        problem = Problem(502, f"the outside model broke off ({type(error).__name__})", "upstream_broke")
        yield stream.end() + b"event: error\ndata: " + problem.encoded + b"\n\n"
    finally:
        await answer.aclose()


async def restored_whole(answer: httpx.Response, task: TaskMap) -> bytes:
    """A whole answer with the originals back."""
    try:
        body = await answer.aread()
        return json.dumps(restored_answer(json.loads(body), task), ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )
    except (httpx.HTTPError, ValueError):
        raise Problem(502, "the outside model's answer cannot be read", "upstream_broke") from None
    finally:
        await answer.aclose()


def require_clean(sent: str, task: TaskMap) -> None:
    """`Problem` when an original of the task stands in what is about to leave the house."""
    found = Phrases(task.originals)
    covered = [(token.start, token.end) for token in tokens(sent)]
    for start, end in found.find(sent):
        if not any(first <= start and end <= last for first, last in covered):
            raise Problem(422, "the request could not be made safe: nothing was sent", "redaction_failed")


def _with_note(api: str, body: dict[str, Any]) -> dict[str, Any]:
    """The request with a word on tokens for the model."""
    if api == "chat/completions":
        return {**body, "messages": [{"role": "system", "content": NOTE}, *body.get("messages", ())]}
    name = "system" if api == "messages" else "instructions"
    before = body.get(name)
    if isinstance(before, list):
        return {**body, name: [{"type": "text", "text": NOTE}, *before]}
    return {**body, name: f"{NOTE}\n\n{before}" if before else NOTE}
