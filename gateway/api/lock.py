"""/api/swap/lock: take the swap lock, look at it, give it back."""

from typing import Any

import msgspec
from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from blocks.ledger.lock import LockHeld, WrongToken, release_lock, take_lock
from gateway.problem import Problem
from gateway.records import Records
from gateway.swaps import Swaps, lock_problem, lock_view


class Take(msgspec.Struct, forbid_unknown_fields=True):
    """Who takes the lock, why and for how long, in seconds (at most a week)."""

    holder: str
    reason: str = ""
    ttl_seconds: float = 3600.0


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
        lock = await swaps.lock()
        return {"token": token, "lock": lock_view(lock) if lock else None}

    @delete("/", status_code=200)
    async def give_back(
        self,
        request: Request[Any, Any, Any],
        records: NamedDependency[Records],
        swaps: NamedDependency[Swaps],
        *,
        force: FromQuery[bool] = False,
    ) -> dict[str, Any]:
        """Give it back with its token in the header `X-Lock-Token`; `?force=true` is recorded."""
        token = request.headers.get("x-lock-token")
        try:
            released = await records.ask(release_lock, token, force=force)
        except WrongToken as error:
            lock = await swaps.lock()
            if lock is not None:
                raise lock_problem(lock) from None
            raise Problem(409, str(error), "lock_expired") from None
        return {"released": released}
