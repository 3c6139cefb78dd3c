"""What the environment says about this process; everything else is a setting in Prefect."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from blocks.settings import ledger_url, prefect_api_url


@dataclass(frozen=True)
class Options:
    """
    How this gateway runs.

    Attributes:
        host, port: Where it listens.
        prefect_ui_url: Prefect's UI as a browser reaches it.
        allowed_hosts: Host names a request may name; empty: any.
        hold_seconds: How long a request waits for a model that is loading; 0: not at all.
        body_limit: Largest JSON body in bytes; they are buffered to find the model.
        upload_limit: Largest streamed upload in bytes.
    """

    host: str = "127.0.0.1"
    port: int = 9999
    prefect_url: str = "http://127.0.0.1:4200/api"
    prefect_ui_url: str = "http://127.0.0.1:4200"
    ledger_url: str = "sqlite:///.state/ledger.db"
    allowed_hosts: frozenset[str] = frozenset()
    hold_seconds: float = 30.0
    body_limit: int = 64 * 1024 * 1024
    upload_limit: int = 2 * 1024 * 1024 * 1024


def read_options(env: Mapping[str, str] = os.environ) -> Options:
    """The options of the environment; `ValueError` names a variable that is no number."""
    api = prefect_api_url()
    allowed = (name.strip().lower() for name in env.get("SPARK_ALLOWED_HOSTS", "").split(","))
    return Options(
        host=env.get("SPARK_GATEWAY_HOST") or Options.host,
        port=int(_number(env, "SPARK_GATEWAY_PORT", Options.port)),
        prefect_url=api,
        prefect_ui_url=(env.get("SPARK_PREFECT_UI_URL") or api.removesuffix("/api")).rstrip("/"),
        ledger_url=ledger_url(),
        allowed_hosts=frozenset(name for name in allowed if name),
        hold_seconds=_number(env, "SPARK_HOLD_SECONDS", Options.hold_seconds),
        body_limit=int(_number(env, "SPARK_BODY_LIMIT", Options.body_limit)),
        upload_limit=int(_number(env, "SPARK_UPLOAD_LIMIT", Options.upload_limit)),
    )


def _number(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name, "").strip()
    try:
        return float(text) if text else default
    except ValueError:
        raise ValueError(f"{name} is {text!r}, which is not a number") from None
