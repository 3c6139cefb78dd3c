"""Telling: puts what happens into the outbox, for each webhook target that wants to know it."""

import json
import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from blocks.endpoints import endpoints_document
from blocks.ledger import clock
from blocks.ledger.deliveries import TEST, enqueue
from blocks.ledger.launches import Launch, last_launch
from blocks.ledger.seen import Sight, read_seen, write_seen
from blocks.ledger.store import Ledger
from blocks.settings import Settings
from blocks.webhook import Target, every_target

SERVICE = "service/"
"""Subjects under which the gateway writes what it last saw of each service: {up, models, why, looked_at}."""

_WANTS = "webhook/wants"
_ANY = ("0.0.0.0", "::", "")  # noqa: S104 - addresses to listen on, which nobody can call


def tell(ledger: Ledger, settings: Settings, event: str, data: dict[str, Any]) -> None:
    """
    Tell every target that wants this event; sent by the observer's outbox, from the ledger alone.

    Args:
        ledger: Where the outbox is.
        settings: Who wants to know; read from memory they name nobody, and the last known names count.
        event: One of `blocks.webhook.EVENTS`.
        data: What the event says, for JSON.

    Raises:
        SQLAlchemyError: The ledger is away: nobody will be told.
    """
    wants = _wants_of(every_target(settings.webhook))
    if settings.from_memory:
        wants = _remembered(ledger)
    wanting = [name for name, events in wants.items() if not events or event in events]
    if wanting:
        _put(ledger, settings, wanting, event, data)


def tell_as_a_test(ledger: Ledger, settings: Settings, target: str) -> str:
    """Put a test for one target into the outbox; the id of its delivery."""
    (delivery,) = _put(ledger, settings, [target], TEST, {"message": "This is a test: all is well."})
    return delivery


def remember_wants(ledger: Ledger, settings: Settings) -> None:
    """Keep who wants what, for a time without Prefect; no URL, as that may hold a secret."""
    if settings.from_memory:
        return
    wants = _wants_of(every_target(settings.webhook))
    if _remembered(ledger) != wants:
        write_seen(ledger, _WANTS, wants)


def public_url(env: Mapping[str, str] = os.environ) -> str:
    """Where others reach the gateway: SPARK_PUBLIC_URL; blank: its host and port as they are set here."""
    if url := env.get("SPARK_PUBLIC_URL", "").strip().rstrip("/"):
        return url
    host = env.get("SPARK_GATEWAY_HOST") or "127.0.0.1"
    host = socket.gethostname() if host in _ANY else host
    return f"http://{f'[{host}]' if ':' in host else host}:{env.get('SPARK_GATEWAY_PORT') or 9999}"


def _put(
    ledger: Ledger, settings: Settings, targets: list[str], event: str, data: dict[str, Any]
) -> list[str]:
    event_id = str(uuid4())
    body = {
        "id": event_id,
        "event": event,
        "at": clock.now(),
        "data": data,
        "endpoints": endpoints_now(ledger, settings),
    }
    return enqueue(ledger, targets, event, event_id, json.dumps(body, default=str))


def endpoints_now(ledger: Ledger, settings: Settings) -> dict[str, Any]:
    """The endpoints document by what the ledger knows."""
    sights = read_seen(ledger, SERVICE)
    ready = {subject.removeprefix(SERVICE): sight.data.get("up") for subject, sight in sights.items()}
    served: str | None = None
    cluster = settings.cluster
    engine = next((service.name for service in cluster.services if service.kind == "vllm"), None)
    if engine is not None:
        served = served_now(sights.get(f"{SERVICE}{engine}"), last_launch(ledger), settings.catalog.menu)
        ready[engine] = served is not None
    return endpoints_document(public_url(), cluster, ready, served)


def served_now(sight: Sight | None, launch: Launch | None, menu: Mapping[str, Any]) -> str | None:
    """
    The id of the model that answers; None: none does (pure).

    The gateway's look and the record of launches each know it; the newer word counts, since a flow that has
    just loaded a model is ahead of the gateway's next look.
    """
    looked_at = float(sight.data.get("looked_at") or sight.at) if sight else 0.0
    if launch and (launch.ended or launch.ready or launch.launched) > looked_at:
        recipe = launch.recipe
        return None if launch.ended or not launch.ready else recipe.get("served_name") or recipe.get("key")
    models = list(sight.data.get("models") or ()) if sight else []
    return next(
        (recipe.served for recipe in menu.values() if recipe.served in models), next(iter(models), None)
    )


def _wants_of(targets: Sequence[Target]) -> dict[str, list[str]]:
    return {target.name: list(target.events) for target in targets}


def _remembered(ledger: Ledger) -> dict[str, list[str]]:
    sight = read_seen(ledger, _WANTS).get(_WANTS)
    return {name: list(events) for name, events in sight.data.items()} if sight else {}
