"""Policies: what is looked for, and where text may go, by caller."""

from dataclasses import replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from gateway.problem import Problem
from gateway.redaction.finding import TYPES
from gateway.redaction.scrub import LanSearch, Policy


class Rules(msgspec.Struct, forbid_unknown_fields=True):
    """
    One policy, as the file has it.

    Attributes:
        off: Types that stay in the text.
        shield: Take capitalised words of no list for names.
        language: Blank: told by each text.
        hosts: Outside hosts that may be asked; none: the configured one.
        outside: False: every request is answered by the model on the LAN.
        unsafe: What is done with a request that cannot be made safe: it is refused, or the LAN answers.
        media: The same for pictures, sound and files, which cannot be searched.
        lan_finder: Whether the model on the LAN searches the text as well: `off`; `may`: without it when it
            cannot; `must`: the request is refused when it cannot.
    """

    off: list[str] = []
    shield: bool = True
    language: str = ""
    hosts: list[str] = []
    outside: bool = True
    unsafe: Literal["refuse", "lan"] = "refuse"
    media: Literal["refuse", "lan"] = "refuse"
    lan_finder: LanSearch = "off"

    @property
    def policy(self) -> Policy:
        """What the search needs of it."""
        return Policy(frozenset(self.off), self.shield, self.language, self.lan_finder)

    def allows(self, url: str) -> bool:
        """Whether text of this caller may go to a URL's host."""
        return not self.hosts or (urlsplit(url).hostname or "") in self.hosts

    def keeps_inside(self, code: str) -> bool:
        """Whether the LAN answers a request that was refused for the outside with this code."""
        return {"redaction_failed": self.unsafe, "media_refused": self.media}.get(code) == "lan"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    default: Rules = msgspec.field(default_factory=Rules)
    callers: dict[str, Rules] = {}


class Policies:
    """
    The policies of a file, read again when it has changed; a file that cannot be read refuses every request.

    Args:
        path: Blank: the default policy for everybody.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None
        self._stamp = 0
        self._file = _File()

    def of(self, caller: str) -> Rules:
        """The policy of a caller, by the name of the API key."""
        if self._path is not None:
            self._refresh(self._path)
        return self._file.callers.get(caller, self._file.default)

    def _refresh(self, path: Path) -> None:
        try:
            stamp = path.stat().st_mtime_ns
            if stamp != self._stamp:
                self._file = _checked(msgspec.json.decode(path.read_bytes(), type=_File))
                self._stamp = stamp
        except (OSError, msgspec.MsgspecError, ValueError) as error:
            message = f"the redaction policies cannot be read, so nothing is scrubbed: {error}"
            raise Problem(503, message, "redaction_failed") from None


def _checked(file: _File) -> _File:
    for rules in (file.default, *file.callers.values()):
        if unknown := set(rules.off) - set(TYPES):
            raise ValueError(f"no such type: {', '.join(sorted(unknown))}")
    return file


def narrowed(policy: Policy, wanted: list[str]) -> Policy:
    """The policy with nothing but the types a request asks for; `Problem` names one that does not exist."""
    if unknown := set(wanted) - set(TYPES):
        message = f"'entities' names {', '.join(sorted(unknown))}: the types are {', '.join(TYPES)}"
        raise Problem(400, message, "bad_request", param="entities")
    return replace(policy, off=policy.off | (set(TYPES) - set(wanted))) if wanted else policy
