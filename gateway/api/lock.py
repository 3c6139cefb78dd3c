"""/api/swap/lock: take the swap lock, look at it, hold it longer, give it back."""

from typing import Any

import msgspec
from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from blocks.ledger.lock import BadTime, LockHeld, WrongToken, release_lock, renew_lock, take_lock
from gateway.keys import Keys
from gateway.lock_view import lock_problem, lock_view
from gateway.problem import Problem
from gateway.records import Records
from gateway.swaps import Swaps
from gateway.who import who_asks

TTL_SECONDS = 3600.0


class Take(msgspec.Struct, forbid_unknown_fields=True):
    """Who takes the lock, why and for how long, in seconds: from 1 to 604800, a week."""

    holder: str
    reason: str = ""
    ttl_seconds: float = TTL_SECONDS


class Renew(msgspec.Struct, forbid_unknown_fields=True):
    """How long the lock shall last from now on, in seconds: from 1 to 604800, a week."""

    ttl_seconds: float = TTL_SECONDS


class LockApi(Controller):
    """The swap lock."""

    path = "/api/swap/lock"
    tags = ("swap",)

    @get("/")
    async def now(self, swaps: NamedDependency[Swaps]) -> dict[str, Any]:
        """The lock as it stands: `{"lock": null}` or its holder, reason, since and until."""
        lock = await swaps.lock()
        return {"lock": lock_view(lock) if lock else None}

    @post("/", status_code=201)
    async def take(
        self, data: JSONBody[Take], records: NamedDependency[Records], swaps: NamedDependency[Swaps]
    ) -> dict[str, Any]:
        """Take it: its token is shown this once; 423 while another holds it."""
        holder, reason = data.holder.strip()[:200], data.reason.strip()[:500]
        if not holder:
            raise Problem(400, "say who takes the lock: 'holder' is blank", "bad_request", param="holder")
        try:
            token = await records.ask(take_lock, holder, reason, data.ttl_seconds)
        except LockHeld as error:
            raise lock_problem(error.lock) from None
        except BadTime as error:
            raise _bad_time(error) from None
        lock = await swaps.lock()
        return {"token": token, "lock": lock_view(lock) if lock else None}

    @post("/renew", status_code=200)
    async def renew(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[Renew],
        records: NamedDependency[Records],
        swaps: NamedDependency[Swaps],
    ) -> dict[str, Any]:
        """Hold it longer, or less long, with its token in the header `X-Lock-Token`; 409 once it ran out."""
        token = request.headers.get("x-lock-token") or ""
        try:
            return {"lock": lock_view(await records.ask(renew_lock, token, data.ttl_seconds))}
        except BadTime as error:
            raise _bad_time(error) from None
        except WrongToken as error:
            raise await _not_yours(error, swaps) from None

    @delete("/", status_code=200)
    async def give_back(
        self,
        request: Request[Any, Any, Any],
        records: NamedDependency[Records],
        swaps: NamedDependency[Swaps],
        keys: NamedDependency[Keys],
        *,
        force: FromQuery[bool] = False,
    ) -> dict[str, Any]:
        """Give it back with its token in the header `X-Lock-Token`; `?force=true` is recorded."""
        token = request.headers.get("x-lock-token")
        by = who_asks(request, keys) if force else ""
        try:
            released = await records.ask(release_lock, token, force=force, by=by)
        except WrongToken as error:
            raise await _not_yours(error, swaps) from None
        return {"released": released}


def _bad_time(error: BadTime) -> Problem:
    return Problem(400, str(error), "bad_request", param="ttl_seconds")


async def _not_yours(error: WrongToken, swaps: Swaps) -> Problem:
    """423 with the holder; 409 when nobody holds it any more."""
    lock = await swaps.lock()
    return lock_problem(lock) if lock is not None else Problem(409, str(error), "lock_expired")
