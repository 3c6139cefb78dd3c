"""The vocabulary of probes: what is asked of a service, what it replied, and what that shows (pure)."""

import json
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from blocks.ledger.health import Word
from blocks.wedge_signs import wedge_sign


@dataclass(frozen=True)
class Ask:
    """
    One HTTP request to a service.

    Attributes:
        json: Sent as JSON; None: nothing is.
        form: Fields of a multipart form.
        file: Name and bytes of the form's field `file`.
    """

    path: str
    method: str = "GET"
    json: dict[str, Any] | None = None
    form: dict[str, str] = field(default_factory=dict)
    file: tuple[str, bytes] | None = None


@dataclass(frozen=True)
class Reply:
    """What a service answered; `kind` is its content type without parameters."""

    status: int
    body: bytes = b""
    kind: str = ""

    @property
    def ok(self) -> bool:
        """True for 200."""
        return self.status == 200

    @property
    def data(self) -> Any:
        """Its JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def said(self) -> str:
        """The beginning of its text, for a message."""
        return " ".join(self.body[:300].decode(errors="replace").split()) or "nothing"


class Outcome(Exception):
    """
    The conversation ends without a good answer; the message says how.

    Attributes:
        wedged: It shows the signs of a dead GPU context.
        curable: A restart may help.
    """

    word: Word = "failing"

    def __init__(self, why: str, *, wedged: bool = False, curable: bool = True) -> None:
        super().__init__(why)
        self.wedged = wedged
        self.curable = curable


class Failing(Outcome):
    """The service does not do its work."""


class Busy(Outcome):
    """The service says itself that it has too much to do."""

    word: Word = "busy"


class NoWork(Outcome):
    """There is nothing that the service could be asked for, such as a chat without a model."""

    word: Word = "skipped"


class NoAnswer(Exception):
    """The service took the request and gave no word in time: it is busy or dead."""


class Refused(Exception):
    """Nobody listens at the service's address."""


Probe = Generator[Ask, Reply, str]
"""A conversation: it yields what to ask, is sent the reply, and returns what was good, in words."""


def require_good(reply: Reply, what: str) -> None:
    """`Failing` for an error; a restart helps against the service's own failures only."""
    if reply.ok:
        return
    if reply.status >= 500:
        sign = wedge_sign(reply.body)
        told = f": {sign}" if sign else f": {reply.said}"
        raise Failing(f"it answers {what} with status {reply.status}{told}", wedged=bool(sign))
    if reply.status == 429:
        raise Busy(f"it answers {what} with status 429: it has too much to do")
    if reply.status in (401, 403):
        raise Failing(f"it refuses the key for {what} (status {reply.status})", curable=False)
    raise Failing(f"it refuses {what} with status {reply.status}: {reply.said}", curable=False)


def ids_of(reply: Reply) -> list[str]:
    """The ids in a list of models of OpenAI's shape; none when it is something else."""
    data = reply.data
    listed = data.get("data") if isinstance(data, dict) else None
    found = [item.get("id") for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return [name for name in found if isinstance(name, str)]
