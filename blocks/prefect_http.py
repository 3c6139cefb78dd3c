"""Calls of Prefect's HTTP API that must not fail because its database is busy for a moment."""

import time
from typing import Any

import httpx

from blocks.settings import BUSY_PAUSES


def ask(
    prefect: httpx.Client, method: str, path: str, body: Any = None, params: dict[str, str] | None = None
) -> httpx.Response:
    """
    Prefect's answer, a good one or 404.

    Raises:
        httpx.HTTPError: It is out of reach, or says anything else.
    """
    answer = prefect.request(method, path, json=body, params=params)
    for pause in BUSY_PAUSES:
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(pause)
        answer = prefect.request(method, path, json=body, params=params)
    return answer if answer.status_code == httpx.codes.NOT_FOUND else answer.raise_for_status()
