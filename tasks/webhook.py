"""Telling the outside that a swap has ended: a signed POST, retried."""

import hashlib
import hmac
import json
from typing import Any

import httpx
from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.webhook import Webhook


@task(
    name="webhook",
    task_run_name="tell the webhook: {event}",
    cache_policy=NO_CACHE,
    retries=3,
    retry_delay_seconds=5,
)
def send(webhook: Webhook, event: str, data: dict[str, Any]) -> None:
    """POST {"event", "data"} to the webhook, signed; any 2xx is success."""
    body = json.dumps({"event": event, "data": data}).encode()
    headers = {"Content-Type": "application/json", **signature(webhook.secret.get_secret_value(), body)}
    httpx.post(str(webhook.url), content=body, headers=headers, timeout=10).raise_for_status()


def signature(secret: str, body: bytes) -> dict[str, str]:
    """The header that proves who sent the body; none without a secret."""
    if not secret:
        return {}
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Spark-Signature": f"sha256={digest}"}
