"""What the environment says about this process; everything else is a setting in Prefect."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from blocks.settings import ledger_url, prefect_api_url
from gateway.audio.options import AudioOptions, read_audio_options
from gateway.redaction.options import RedactionOptions, read_redaction_options

_ORIGIN = re.compile(r"\*|null|[a-z][a-z0-9+.-]*://[^\s/?#@,]*")
_SWITCH = {"on": True, "off": False}


@dataclass(frozen=True)
class Options:
    """
    How this gateway runs; times in seconds, sizes in bytes.

    Attributes:
        host, port: Where it listens.
        prefect_ui_url: Prefect's UI as a browser reaches it.
        allowed_hosts: Host names a request may name; empty: any.
        cors_origins: Pages of these origins may use the hot path; '*': of every origin.
        hold_seconds: How long a request waits for a model that is loading; 0: not at all.
        auto_swap: A request that names another model on disk asks for that swap itself.
        least_stay_seconds: How long a model stays before such a request may replace it.
        longest_wait_seconds: How long such a request waits for a model that is in use.
        heartbeat_seconds: A silent stream gets a comment so often; 0: never.
        stall_seconds: How long a client may neither send nor take bytes.
        longest_seconds: The longest a request may take.
        drain_seconds: How long answers under way may go on when the gateway is told to stop.
        access_log: File of the access log; '-': stdout, 'off': none.
        max_connections: Clients connected at once.
        body_limit: Largest JSON body; they are buffered to find the model.
        upload_limit: Largest streamed upload.
        redaction: How text is redacted.
        audio: The bounds of the speech pipelines.
    """

    host: str = "127.0.0.1"
    port: int = 9999
    prefect_url: str = "http://127.0.0.1:4200/api"
    prefect_ui_url: str = "http://127.0.0.1:4200"
    ledger_url: str = "sqlite:///.state/ledger.db"
    allowed_hosts: frozenset[str] = frozenset()
    cors_origins: frozenset[str] = frozenset()
    hold_seconds: float = 30.0
    auto_swap: bool = False
    least_stay_seconds: float = 300.0
    longest_wait_seconds: float = 900.0
    heartbeat_seconds: float = 0.0
    stall_seconds: float = 60.0
    longest_seconds: float = 1800.0
    drain_seconds: float = 20.0
    access_log: str = "-"
    max_connections: int = 4096
    body_limit: int = 64 * 1024 * 1024
    upload_limit: int = 2 * 1024 * 1024 * 1024
    redaction: RedactionOptions = field(default_factory=RedactionOptions)
    audio: AudioOptions = field(default_factory=AudioOptions)


def read_options(env: Mapping[str, str] = os.environ) -> Options:
    """The options of the environment; `ValueError` names a variable that cannot be used, and why."""
    api = prefect_api_url()
    return Options(
        host=env.get("SPARK_GATEWAY_HOST") or Options.host,
        port=_whole(env, "SPARK_GATEWAY_PORT", Options.port, most=65535),
        prefect_url=api,
        prefect_ui_url=(env.get("SPARK_PREFECT_UI_URL") or api.removesuffix("/api")).rstrip("/"),
        ledger_url=ledger_url(),
        allowed_hosts=_words(env, "SPARK_ALLOWED_HOSTS"),
        cors_origins=_origins(env, "SPARK_CORS_ORIGINS"),
        hold_seconds=_number(env, "SPARK_HOLD_SECONDS", Options.hold_seconds),
        auto_swap=_switch(env, "SPARK_AUTO_SWAP", default=Options.auto_swap),
        least_stay_seconds=_number(env, "SPARK_LEAST_STAY_SECONDS", Options.least_stay_seconds),
        longest_wait_seconds=_number(env, "SPARK_LONGEST_WAIT_SECONDS", Options.longest_wait_seconds),
        heartbeat_seconds=_number(env, "SPARK_HEARTBEAT_SECONDS", Options.heartbeat_seconds),
        stall_seconds=_number(env, "SPARK_STALL_SECONDS", Options.stall_seconds, least=1),
        longest_seconds=_number(env, "SPARK_LONGEST_SECONDS", Options.longest_seconds, least=1),
        drain_seconds=_number(env, "SPARK_DRAIN_SECONDS", Options.drain_seconds),
        access_log=env.get("SPARK_ACCESS_LOG", "").strip() or Options.access_log,
        max_connections=_whole(env, "SPARK_MAX_CONNECTIONS", Options.max_connections, least=1),
        body_limit=_whole(env, "SPARK_BODY_LIMIT", Options.body_limit),
        upload_limit=_whole(env, "SPARK_UPLOAD_LIMIT", Options.upload_limit),
        redaction=read_redaction_options(env),
        audio=read_audio_options(env),
    )


def _number(env: Mapping[str, str], name: str, default: float, least: float = 0) -> float:
    text = env.get(name, "").strip()
    try:
        number = float(text) if text else default
    except ValueError:
        raise ValueError(f"{name} is {text!r}, which is not a number") from None
    if not math.isfinite(number) or number < least:
        raise ValueError(f"{name} is {text!r}: it has to be a number from {least:g} up")
    return number


def _whole(env: Mapping[str, str], name: str, default: int, least: int = 0, most: int = 2**62) -> int:
    number = _number(env, name, default, least)
    if number != int(number) or number > most:
        raise ValueError(f"{name} is {env[name].strip()!r}: it has to be a whole number up to {most}")
    return int(number)


def _switch(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = env.get(name, "").strip().lower()
    if text and text not in _SWITCH:
        raise ValueError(f"{name} is {text!r}: it has to be 'on' or 'off'")
    return _SWITCH.get(text, default)


def _words(env: Mapping[str, str], name: str) -> frozenset[str]:
    words = (word.strip().lower() for word in env.get(name, "").split(","))
    return frozenset(word for word in words if word)


def _origins(env: Mapping[str, str], name: str) -> frozenset[str]:
    """Origins as a browser names them; a slash at the end, from the address bar, is forgiven."""
    origins = frozenset(re.sub(r"(?<=[^/])/$", "", word) for word in _words(env, name))
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{name} holds {origin!r}: an origin is like https://chat.example or *")
    return origins
