"""What the observer tells Prefect over HTTP: events, and the values a run form offers; never raises."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from blocks.settings import prefect_api_url, prefect_headers

log = logging.getLogger("observer")

KNOWN = " Known: "
"""What comes after it in a help text are values that were offered."""

MOST_KNOWN = 40


@dataclass(frozen=True)
class Offer:
    """
    What a field of a run form offers.

    Attributes:
        values: None of them: any value will do.
        others: Any other value may be given as well; the form has no means for that but its help text.
    """

    values: tuple[str, ...]
    others: bool = False


Offers = dict[str, Offer]
"""By parameter of a deployment."""


def emit_event(name: str, resource: str, payload: dict[str, Any]) -> None:
    """An event that Prefect's automations can act on; lost when Prefect is away."""
    event = {
        "id": str(uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": name,
        "resource": {"prefect.resource.id": resource, "prefect.resource.name": resource.rpartition(".")[2]},
        "payload": payload,
    }
    try:
        _call("POST", "/events", [event]).raise_for_status()
    except httpx.HTTPError as error:
        log.warning("event %s was not told to Prefect: %s", name, error)


def offer(deployment: str, offers: Offers) -> bool:
    """See that a deployment's run form offers these values; False when it could not be done."""
    try:
        answer = _call("GET", f"/deployments/name/{deployment}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return False
        found = answer.raise_for_status().json()
        schema = found["parameter_openapi_schema"]
        wanted = with_offers(schema, offers)
        if wanted != schema:
            body = {"parameter_openapi_schema": wanted}
            _call("PATCH", f"/deployments/{found['id']}", body).raise_for_status()
    except (httpx.HTTPError, ValueError, KeyError) as error:
        log.warning("the run form of %s could not be updated: %s", deployment, error)
        return False
    return True


def with_offers(schema: dict[str, Any], offers: Offers) -> dict[str, Any]:
    """A parameter schema in which the parameters that it has offer these values (pure)."""
    properties = dict(schema.get("properties", {}))
    for parameter in properties.keys() & offers.keys():
        properties[parameter] = _offering(properties[parameter], offers[parameter])
    return {**schema, "properties": properties}


def _offering(schema: dict[str, Any], offer: Offer) -> dict[str, Any]:
    """One field; of a list each item offers the values."""
    if "items" in schema:
        return {**schema, "items": _offering(schema["items"], offer)}
    rest = {key: value for key, value in schema.items() if key != "enum"}
    if not offer.others:
        return {**rest, "enum": list(offer.values)} if offer.values else rest
    help_text = schema.get("description", "").partition(KNOWN)[0]
    known = f"{KNOWN}{', '.join(offer.values[:MOST_KNOWN])}." if offer.values else ""
    return {**rest, "description": f"{help_text}{known}"}


def _call(method: str, path: str, body: Any = None) -> httpx.Response:
    return httpx.request(
        method, f"{prefect_api_url()}{path}", json=body, headers=prefect_headers(), timeout=10
    )
