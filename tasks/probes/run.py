"""Running a probe: its conversation over HTTP with the service itself, within a time limit."""

import time
from collections.abc import Mapping

import httpx

from blocks.cluster import Service
from tasks.probes.probe import Ask, Failing, NoAnswer, Probe, Refused, Reply

LARGEST = 8 * 1024 * 1024
CONNECT_SECONDS = 3.0


def key_of(service: Service, keys: Mapping[str, str]) -> dict[str, str]:
    """The service's own key as headers, as the gateway sends it; nothing when it asks for none."""
    key = keys.get(service.name)
    if not key:
        return {}
    return {"api-key": key} if service.kind == "qdrant" else {"authorization": f"Bearer {key}"}


def run_probe(probe: Probe, base_url: str, headers: Mapping[str, str], seconds: float) -> str:
    """
    Have the conversation; returns what was good, in words.

    Raises:
        Failing: The service does not do its work.
        Refused: Nobody listens there.
        NoAnswer: It gave no word within the time.
        Busy, NoWork: As the probe says.
    """
    deadline = time.monotonic() + seconds
    with httpx.Client(
        base_url=base_url, headers=dict(headers), verify=base_url.startswith("https")
    ) as client:
        ask = next(probe)
        while True:
            reply = _send(client, ask, deadline)
            try:
                ask = probe.send(reply)
            except StopIteration as end:
                return str(end.value)


def _send(client: httpx.Client, ask: Ask, deadline: float) -> Reply:
    """One request and its whole answer."""
    left = max(deadline - time.monotonic(), 0.01)
    limits = httpx.Timeout(left, connect=min(left, CONNECT_SECONDS))
    given = {"file": (ask.file[0], ask.file[1], "audio/wav")} if ask.file else None
    # A field without a name of a file makes a form multipart, as the services want it.
    fields = {name: (None, value) for name, value in ask.form.items()} if ask.form else None
    try:
        with client.stream(
            ask.method, ask.path, json=ask.json, files={**(fields or {}), **(given or {})} or None,
            timeout=limits,
        ) as answer:  # fmt: skip
            body = _read(answer, deadline)
    except httpx.ConnectError as error:
        raise Refused("it takes no connections") from error
    except httpx.ConnectTimeout as error:
        raise Refused("it does not answer at its address") from error
    except httpx.TimeoutException as error:
        raise NoAnswer(f"it gave no answer to {ask.path} in time") from error
    except httpx.HTTPError as error:
        raise Failing(f"it broke off during its answer to {ask.path}") from error
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Reply(answer.status_code, body, kind)


def _read(answer: httpx.Response, deadline: float) -> bytes:
    """The body; one that drips on beyond the time limit is none."""
    body = bytearray()
    for part in answer.iter_bytes():
        body += part
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the answer took too long")
        if len(body) > LARGEST:
            raise Failing("its answer has no end")
    return bytes(body)
