"""One question to a service of search, in its turn; what goes wrong is told in plain words."""

from collections.abc import AsyncIterator, Iterable
from typing import Any, NamedTuple

import httpx
import msgspec

from blocks.cluster import Service
from blocks.wedge_signs import wedge_sign
from gateway.credentials import credentials
from gateway.problem import Problem, retry_after
from gateway.silent import silence_told
from gateway.turns import Turns
from gateway.upstream_address import Address
from gateway.watch import Watch
from gateway.wedge import Wedge
from gateway.wedge import problem as wedged

ANSWER_SECONDS = 60.0
_CONNECT_SECONDS = 5.0
_MOST_BYTES = 32 * 1024 * 1024


class Answer(NamedTuple):
    """Status (below 500) and body of an answer."""

    status: int
    body: bytes


class Place(NamedTuple):
    """Where a service was at which time: another place, or a new start, is another service."""

    address: Address
    up_since: float


class Upstream:
    """
    The way to the services of search.

    Args:
        answer_seconds: The longest that one question may be silent.
    """

    def __init__(self, watch: Watch, turns: Turns, wedge: Wedge, answer_seconds: float) -> None:
        self._watch = watch
        self._turns = turns
        self._wedge = wedge
        self._timeout = httpx.Timeout(answer_seconds, connect=_CONNECT_SECONDS)
        self._made: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Close its connections."""
        if self._made is not None:
            await self._made.aclose()

    def services(self, kind: str) -> tuple[Service, ...]:
        """Those of a kind, in the settings' order; `Problem` 503 when there is none."""
        found = tuple(each for each in self._watch.settings.cluster.services if each.kind == kind)
        if found:
            return found
        message = f"the cluster has no service of kind '{kind}': add one to its settings"
        raise Problem(503, message, "no_service")

    def place(self, service: Service) -> Place:
        """Where it is, and since when it answers."""
        look = self._watch.looks.get(service.name)
        return Place(self._watch.address(service), look.since if look else 0.0)

    async def ask(self, service: Service, path: str, body: Any, client: str) -> Answer:
        """
        Its answer, which may be a refusal (4xx); `Problem` when there is none, or its key is wrong.

        Args:
            service: The one that is asked.
            path: Ready for a URL.
            body: Sent as JSON by POST; none: a GET.
            client: Whose turn it uses.
        """
        turn = await self._turns.wait(service.name, client)
        try:
            with silence_told(self._wedge, service):
                answer = await self._sent(service, path, body)
        finally:
            turn.give_back()
        return self._checked(service, answer)

    async def _sent(self, service: Service, path: str, body: Any) -> Answer:
        authority = self._watch.address(service).authority.decode()
        keys = credentials(service, self._watch.settings.upstream_keys)
        headers = [(b"content-type", b"application/json"), *keys]
        content = None if body is None else msgspec.json.encode(body)
        method, url = "GET" if body is None else "POST", f"http://{authority}{path}"
        async with self._client.stream(method, url, content=content, headers=headers) as answer:
            return Answer(answer.status_code, await _read(service, answer.aiter_bytes()))

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._made is None:
            # A redirect would carry the service's key to wherever it leads.
            self._made = httpx.AsyncClient(timeout=self._timeout, trust_env=False, follow_redirects=False)
        return self._made

    def _checked(self, service: Service, answer: Answer) -> Answer:
        who, status = f"{service.name} on {service.host}", answer.status
        if status == 501 or 200 <= status < 300 or 400 <= status < 500:
            _require_served(who, status)
            self._wedge.answered(service.name)
            return answer
        if sign := wedge_sign(answer.body):
            self._wedge.saw(service.name, sign)
            raise wedged(service.name)
        if status >= 500:
            self._wedge.erred(service.name)
        message = f"{who} failed at it (status {status}); try again"
        raise Problem(502, message, "upstream_failed", headers=retry_after(5))


def _require_served(who: str, status: int) -> None:
    if status in (401, 403):
        message = f"{who} does not take the gateway's key: set the right one in Upstream Keys"
        raise Problem(502, message, "upstream_key")
    if status == 429:
        raise Problem(503, f"{who} is busy; try again soon", "upstream_busy", headers=retry_after(5))


async def _read(service: Service, pieces: AsyncIterator[bytes]) -> bytes:
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > _MOST_BYTES:
            message = f"{service.name} answers with more than {_MOST_BYTES // 1024**2} MiB: ask for less"
            raise Problem(502, message, "upstream_broke")
    return bytes(body)


def words_of(body: bytes, most: int = 300) -> str:
    """The reason in a refusal, whatever its form: Qdrant's, OpenAI's, TEI's, FastAPI's or plain text."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return body.decode("utf-8", "replace")[:most]
    return _said(told, ("status", "error", "message", "detail", "msg"))[:most]


def _said(told: Any, keys: Iterable[str]) -> str:
    if isinstance(told, dict):
        inner = next((told[key] for key in keys if isinstance(told.get(key), str | dict | list)), "")
        return _said(inner, keys)
    if isinstance(told, list):
        return _said(told[0], keys) if told else ""
    return str(told)
