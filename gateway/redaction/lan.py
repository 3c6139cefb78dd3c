"""The model on the LAN: asked, over the gateway's own hot path, for what may not or cannot go outside."""

import json
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from typing import Any

import httpx

from gateway.problem import Problem
from gateway.redaction.options import RedactionOptions

_SILENCE_SECONDS = 600.0
_PASSED_ON = (b"host", b"authorization", b"x-api-key", b"anthropic-version", b"anthropic-beta")


class Lan:
    """
    Asks the gateway itself, as the caller would: with its key, its turn and its place in the queue.

    Args:
        options: Which model is asked for.
        loaded: The models that are loaded now.

    Attributes:
        address: Host and port where the gateway listens, once it does.
    """

    def __init__(self, options: RedactionOptions, loaded: Callable[[], Collection[str]]) -> None:
        self._options = options
        self._loaded = loaded
        self.address: tuple[str, int] = ("127.0.0.1", 0)
        self._made: httpx.AsyncClient | None = None

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._made is None:
            self._made = httpx.AsyncClient(timeout=_SILENCE_SECONDS, trust_env=False)
        return self._made

    async def ask(
        self, api: str, body: Mapping[str, Any], headers: Iterable[tuple[bytes, bytes]]
    ) -> httpx.Response:
        """
        The answer, as soon as it begins; `Problem` when none does.

        Args:
            api: The rest of the route behind /v1/.
            body: As the caller sent it; the model it names is outside, so another is asked for.
            headers: Of the caller.
        """
        return await self._ask(api, {**body, "model": self._model()}, headers)

    async def ask_loaded(
        self, body: Mapping[str, Any], headers: Iterable[tuple[bytes, bytes]]
    ) -> httpx.Response:
        """
        The same of a chat request, by whichever model is loaded: it names none, so none is loaded for it.

        Args:
            body: Without a model.
            headers: Of the caller.
        """
        return await self._ask("chat/completions", body, headers)

    async def _ask(
        self, api: str, body: Mapping[str, Any], headers: Iterable[tuple[bytes, bytes]]
    ) -> httpx.Response:
        url = httpx.URL(f"http://localhost/v1/{api}", host=_reachable(self.address[0]), port=self.address[1])
        sent = json.dumps(body).encode()
        more = [(name, value) for name, value in headers if name in _PASSED_ON]
        request = self._client.build_request(
            "POST", url, content=sent, headers=[(b"content-type", b"application/json"), *more]
        )
        try:
            return await self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            message = (
                f"the model on the LAN does not answer ({type(error).__name__}); nothing was sent outside"
            )
            raise Problem(502, message, "upstream_unreachable") from None

    def _model(self) -> str:
        named = self._options.lan_model or min(self._loaded(), default="")
        if named:
            return named
        message = "no model is loaded on the LAN, and the request may not go outside: nothing was sent"
        raise Problem(503, message, "no_lan_model")

    async def close(self) -> None:
        """Close the connections."""
        if self._made is not None:
            await self._made.aclose()


def _reachable(host: str) -> str:
    """Where to reach what listens on a host; every address is also the loopback's."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


async def parts_of(answer: httpx.Response) -> AsyncIterator[bytes]:
    """An answer as it comes; nothing in it was ever a token."""
    try:
        async for data in answer.aiter_bytes():
            yield data
    except httpx.HTTPError as error:
        problem = Problem(502, f"the model on the LAN broke off ({type(error).__name__})", "upstream_broke")
        yield b"event: error\ndata: " + problem.encoded + b"\n\n"
    finally:
        await answer.aclose()
