"""/api/webhooks: who is told what, what came of the telling, a test, and one more try."""

import time
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from blocks.ledger.deliveries import Delivery, delivery_counts, delivery_log, retry
from blocks.telling import tell_as_a_test
from blocks.webhook import EVENTS, Target, Webhook, every_target, secret_of
from gateway.problem import Problem
from gateway.records import Records
from gateway.watch import Watch

Limit = Annotated[int, QueryParameter(ge=1, le=1000)]
Word = Annotated[str, QueryParameter(max_length=63)]


class WebhooksApi(Controller):
    """Webhooks."""

    path = "/api/webhooks"
    tags = ("webhooks",)

    @get("/")
    async def all(
        self,
        records: NamedDependency[Records],
        watch: NamedDependency[Watch],
        *,
        target: FromQuery[Word] = "",
        delivery_state: Annotated[
            Literal["", "waiting", "sending", "delivered", "given_up"], QueryParameter(name="state")
        ] = "",
        event: FromQuery[Word] = "",
        limit: FromQuery[Limit] = 200,
    ) -> dict[str, Any]:
        """
        The targets, and the newest deliveries, newest first; times in seconds since 1970.

        Of an address only scheme, host and port are shown: the rest of it may hold a secret.
        """
        counts = await records.ask(delivery_counts)
        found = await records.ask(delivery_log, target, delivery_state, event, limit)
        webhook = watch.settings.webhook
        return {
            "at": time.time(),
            "targets": [_target_view(each, webhook, counts) for each in every_target(webhook)],
            "allow_public": webhook.allow_public,
            "events": list(EVENTS),
            "deliveries": [_view(each) for each in found],
        }

    @post("/{target:str}/test", status_code=202)
    async def test(
        self, target: FromPath[str], records: NamedDependency[Records], watch: NamedDependency[Watch]
    ) -> dict[str, str]:
        """Tell a target a test now, once; what came of it is in the log under `delivery`."""
        if target not in {each.name for each in every_target(watch.settings.webhook)}:
            raise Problem(
                404, f"there is no webhook target {target[:63]!r}", "unknown_target", param="target"
            )
        return {"delivery": await records.ask(tell_as_a_test, watch.settings, target)}

    @post("/deliveries/{delivery:str}/retry", status_code=202)
    async def once_more(self, delivery: FromPath[str], records: NamedDependency[Records]) -> dict[str, Any]:
        """Send a delivery again now, also one that was given up, and what waits before it."""
        found = await records.ask(retry, delivery)
        if found is None:
            raise Problem(404, "there is no such delivery (any more)", "unknown_delivery", param="delivery")
        if found.state != "waiting":
            what = "was delivered" if found.state == "delivered" else "is being sent"
            raise Problem(409, f"this delivery {what}", "wrong_state", param="delivery")
        return {"delivery": _view(found)}


def _target_view(target: Target, webhook: Webhook, counts: dict[str, dict[str, int]]) -> dict[str, Any]:
    address = urlsplit(str(target.url))
    mine = counts.get(target.name, {})
    return {
        "name": target.name,
        "address": f"{address.scheme}://{address.netloc.rpartition('@')[2]}",
        "events": list(target.events),
        "signed": bool(secret_of(webhook, target.name)),
        "waiting": mine.get("waiting", 0) + mine.get("sending", 0),
        "delivered": mine.get("delivered", 0),
        "given_up": mine.get("given_up", 0),
    }


def _view(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "event_id": delivery.event_id,
        "target": delivery.target,
        "event": delivery.event,
        "at": delivery.at,
        "state": delivery.state,
        "tries": delivery.tries,
        "next_try": delivery.next_try if delivery.ended is None else None,
        "status": delivery.status,
        "error": delivery.error,
        "ended": delivery.ended,
    }
