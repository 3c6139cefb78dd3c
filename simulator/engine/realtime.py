"""A realtime service: OpenAI's events over a WebSocket at /v1/realtime, with an echo for a model.

Binary messages come back as they are. What a real one has not, for tests: the event `simulator.close` with
`code` and `reason`, and `/simulator/sessions` with how many are open and the codes of those that ended.
"""

import json
from collections.abc import Callable
from itertools import count
from typing import Any

from simulator.engine.http import Answer, Request, as_json
from simulator.engine.realtime_frames import NoHandshake, WebSocket, handshake
from simulator.engine.service import Refusal, Service, openai_error
from simulator.engine.text import pieces
from simulator.engine.world import from_environment

PROTOCOL = "realtime"
MODEL = "gpt-realtime"
_numbers = count(1)


class Realtime:
    """Handlers of the service, and its sessions."""

    def __init__(self) -> None:
        self.open = 0
        self.codes: list[int] = []

    async def health(self, _: Request) -> Answer:
        return as_json({"status": "ok"})

    async def models(self, _: Request) -> Answer:
        return as_json({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "demo"}]})

    async def sessions(self, _: Request) -> Answer:
        return as_json({"open": self.open, "codes": self.codes})

    async def connect(self, request: Request) -> Answer:
        """Accept a WebSocket; raises Refusal 426 for any other request."""
        try:
            headers = handshake(request.headers, PROTOCOL)
        except NoHandshake as reason:
            raise Refusal(426, openai_error(str(reason))) from None
        session = Session(self, request.query.get("model") or MODEL)
        return Answer(status=101, headers=headers, successor=WebSocket(session))


class Session:
    """One conversation: what the client said last is what it hears."""

    def __init__(self, service: Realtime, model: str) -> None:
        self._service = service
        self._settings: dict[str, Any] = {"type": "realtime", "object": "realtime.session", "model": model}
        self._settings |= {"id": _id("sess"), "output_modalities": ["text"], "instructions": ""}
        self._said = ""
        self._sound = 0
        self._socket: WebSocket
        self._answers: dict[str, Callable[[dict[str, Any]], None]] = {
            "session.update": self._update,
            "conversation.item.create": self._add,
            "response.create": self._respond,
            "input_audio_buffer.append": self._listen,
            "input_audio_buffer.commit": self._commit,
            "simulator.close": self._close,
        }

    def opened(self, socket: WebSocket) -> None:
        self._socket = socket
        self._service.open += 1
        self._tell("session.created", session=self._settings)

    def closed(self, code: int) -> None:
        self._service.open -= 1
        self._service.codes.append(code)

    def heard(self, socket: WebSocket, message: str | bytes) -> None:
        if isinstance(message, bytes):
            socket.send(message)
            return
        event: Any = None
        try:
            event = json.loads(message)
            answer = self._answers[event["type"]]
        except ValueError:
            self._refuse(None, "invalid_json", "The event is not valid JSON.")
        except (KeyError, TypeError):
            self._refuse(event, "invalid_value", f"Invalid value: {message[:80]!r} is no known event.")
        else:
            answer(event)

    def _update(self, event: dict[str, Any]) -> None:
        self._settings |= event.get("session") or {}
        self._tell("session.updated", session=self._settings)

    def _add(self, event: dict[str, Any]) -> None:
        item: dict[str, Any] = {"id": _id("item"), "object": "realtime.item", "status": "completed"}
        item |= event.get("item") or {}
        said = [part.get("text", "") for part in item.get("content") or []]
        self._said = " ".join(said) or self._said
        for kind in ("added", "done"):
            self._tell(f"conversation.item.{kind}", item=item, previous_item_id=None)

    def _respond(self, _: dict[str, Any]) -> None:
        response = {"id": _id("resp"), "object": "realtime.response", "status": "in_progress", "output": []}
        item: dict[str, Any] = {"id": _id("item"), "object": "realtime.item", "type": "message"}
        place = {"response_id": response["id"], "item_id": item["id"], "output_index": 0, "content_index": 0}
        text = f"You said: {self._said}"
        self._tell("response.created", response=response)
        for token in pieces(text):
            self._tell("response.output_text.delta", delta=token, **place)
        self._tell("response.output_text.done", text=text, **place)
        item |= {
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": text}],
        }
        self._tell("response.done", response=response | {"status": "completed", "output": [item]})

    def _listen(self, event: dict[str, Any]) -> None:
        self._sound += len(event.get("audio", ""))

    def _commit(self, event: dict[str, Any]) -> None:
        if not self._sound:
            message = "Error committing input audio buffer: buffer too small."
            self._refuse(event, "input_audio_buffer_commit_empty", message)
            return
        self._sound = 0
        self._tell("input_audio_buffer.committed", item_id=_id("item"), previous_item_id=None)

    def _close(self, event: dict[str, Any]) -> None:
        self._socket.close(int(event["code"]), str(event.get("reason", "")))

    def _refuse(self, event: Any, code: str, message: str) -> None:
        sender = event.get("event_id") if isinstance(event, dict) else None
        error = {"type": "invalid_request_error", "code": code, "message": message, "event_id": sender}
        self._tell("error", error=error | {"param": None})

    def _tell(self, kind: str, **content: Any) -> None:
        self._socket.send(json.dumps({"type": kind, "event_id": _id("event"), **content}, ensure_ascii=False))


def _id(kind: str) -> str:
    return f"{kind}_{next(_numbers):08x}"


def service() -> Service:
    """The service, ready to run."""
    world = from_environment()
    handlers = Realtime()
    routes = {
        "GET /health": handlers.health,
        "GET /v1/models": handlers.models,
        "GET /v1/realtime": handlers.connect,
        "GET /simulator/sessions": handlers.sessions,
    }
    health = frozenset({"/health", "/v1/models", "/simulator/sessions"})
    return Service("realtime", routes, starting=10, gib=2.0, health=health, world=world)
