"""What the observer tells Prefect over HTTP: events, and the choices a run form offers; never raises."""

import logging
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from blocks.settings import prefect_api_url, prefect_headers

log = logging.getLogger("observer")

Choices = dict[str, list[str]]
"""By parameter of a deployment, the values that its run form offers; none: any value."""


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


def offer_choices(deployment: str, choices: Choices) -> bool:
    """Make a deployment's run form offer these values; False when it could not be done."""
    try:
        answer = _call("GET", f"/deployments/name/{deployment}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return False
        found = answer.raise_for_status().json()
        schema = found["parameter_openapi_schema"]
        for parameter, values in choices.items():
            schema = with_choices(schema, parameter, values)
        body = {"parameter_openapi_schema": schema}
        _call("PATCH", f"/deployments/{found['id']}", body).raise_for_status()
    except (httpx.HTTPError, ValueError, KeyError) as error:
        log.warning("the run form of %s could not be updated: %s", deployment, error)
        return False
    return True


def with_choices(schema: dict[str, Any], parameter: str, choices: list[str]) -> dict[str, Any]:
    """
    A parameter schema in which a parameter has these choices; none: any value (pure).

    Of a list each item has them, and of a parameter with alternatives (blank is mostly one) the first.
    """
    properties = dict(schema.get("properties", {}))
    properties[parameter] = _offering(properties.get(parameter, {}), choices)
    return {**schema, "properties": properties}


def _offering(schema: dict[str, Any], choices: list[str]) -> dict[str, Any]:
    if alternatives := schema.get("anyOf"):
        return {**schema, "anyOf": [_offering(alternatives[0], choices), *alternatives[1:]]}
    if "items" in schema:
        return {**schema, "items": _offering(schema["items"], choices)}
    rest = {key: value for key, value in schema.items() if key != "enum"}
    return {**rest, "enum": choices} if choices else rest


def _call(method: str, path: str, body: Any = None) -> httpx.Response:
    return httpx.request(
        method, f"{prefect_api_url()}{path}", json=body, headers=prefect_headers(), timeout=10
    )
