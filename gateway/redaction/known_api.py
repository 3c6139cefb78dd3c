"""/api/redaction/known: the list of known people, put, counted and deleted, and never shown."""

import asyncio
import csv
from pathlib import Path
from typing import Any

from litestar import Controller, Request, delete, get, put
from litestar.di import NamedDependency

from gateway.problem import Problem
from gateway.redaction.known_file import read_people, why
from gateway.redaction.redaction import Redaction

_LARGEST = 16 * 1024 * 1024


class KnownApi(Controller):
    """The known people of every caller."""

    path = "/api/redaction/known"
    tags = ("redaction",)

    @get()
    async def count(self, redaction: NamedDependency[Redaction]) -> dict[str, Any]:
        """How many names and other values the list holds, and what is wrong with that of REDACTION_KNOWN."""
        count = await asyncio.to_thread(redaction.known.count)
        return {"count": count, "problem": await asyncio.to_thread(_problem, redaction.options.known)}

    @put(request_max_body_size=_LARGEST)
    async def put(
        self, request: Request[Any, Any, Any], redaction: NamedDependency[Redaction]
    ) -> dict[str, int]:
        """Put a list in place of the one that was there: CSV, vCard or JSON in UTF-8; it counts at once."""
        body = await request.body()
        try:
            return {"count": await asyncio.to_thread(redaction.known.replace, body.decode("utf-8-sig"))}
        except UnicodeDecodeError:
            raise _unreadable("it is not UTF-8") from None
        except (ValueError, csv.Error, RecursionError) as error:
            told = "it is not JSON" if body.lstrip()[:1] in (b"[", b"{") else str(error)
            raise _unreadable(told) from None

    @delete(status_code=200)
    async def delete(self, redaction: NamedDependency[Redaction]) -> dict[str, bool]:
        """Forget the list; that of REDACTION_KNOWN stays."""
        return {"deleted": await asyncio.to_thread(redaction.known.delete)}


def _problem(path: str) -> str:
    """Why the operator's list cannot be read now; blank when it can, or when there is none."""
    try:
        if path:
            read_people(Path(path))
    except ValueError as error:
        told = f"the list of REDACTION_KNOWN cannot be read: {why(error)}"
        return f"{told}; what was read before counts, and where nothing was, every scrub is refused"
    return ""


def _unreadable(why: str) -> Problem:
    message = f"the list of known people cannot be used: {why}; the one that was there stays"
    return Problem(400, message, "bad_known_people")
