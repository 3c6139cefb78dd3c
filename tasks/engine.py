"""The engine of a launch, seen from outside: its processes, its log, and whether it answers."""

import re
from dataclasses import dataclass

import httpx

from tasks.check import Answer, Command, Unreadable, command
from tasks.remote import script
from tasks.vllm_log import split_timestamp

MOST_LINES = 2000
FIRST_ANSWER_SECONDS = 300.0
"""The first real answer may still compile something; a wedged engine never gives one."""


@dataclass(frozen=True)
class EngineLook:
    """
    One look at the engine on one host.

    Attributes:
        state: Docker's word for the container; blank when it is gone.
        processes: How many processes of vLLM run in it.
        lines: New log lines as (timestamp, line), oldest first.
    """

    state: str
    processes: int
    lines: tuple[tuple[str, str], ...]


def engine_command(container: str, since: str) -> Command:
    """Looks at the engine; `since` is the timestamp of the last line seen, or blank."""
    words = ("bash", "-s", "--", container, since, str(MOST_LINES))
    return command(*words, stdin=script("engine.sh"), timeout=60)


def read_engine(answer: Answer, since: str) -> EngineLook:
    """The look in an answer, without lines that were seen before."""
    head, log, tail = answer.stdout.partition("\nlog\n")
    facts = dict(line.split("=", 1) for line in head.splitlines() if "=" in line)
    if not log or "state" not in facts or not facts.get("engine", "").isdecimal():
        raise Unreadable(f"the look at the engine cannot be read: {answer.said}")
    lines = [split_timestamp(line) for line in tail.split("\n") if line]
    fresh = tuple((stamp, line) for stamp, line in lines if not since or stamp > since)
    return EngineLook(facts["state"], int(facts["engine"]), fresh)


class NotAnswering(Exception):
    """The engine does not answer as the expected model; the message says how."""


def why_not_ready(base_url: str, model_id: str) -> str:
    """Why `/health` and `/v1/models` do not show the model; blank when they do; `NotAnswering` when never."""
    try:
        with httpx.Client(base_url=base_url, timeout=5) as client:
            health = client.get("/health")
            if health.status_code != httpx.codes.OK:
                return f"/health says {health.status_code}"
            models = client.get("/v1/models").raise_for_status().json()
        ids = [model["id"] for model in models["data"]]
    except (httpx.HTTPError, ValueError) as error:
        return f"it does not answer HTTP yet ({type(error).__name__})"
    except (KeyError, TypeError):
        return "/v1/models is not a list of models"
    if model_id not in ids:
        raise NotAnswering(
            f"the server answers as {', '.join(map(str, ids)) or 'nothing'}, not as {model_id}"
        )
    return ""


def served_ids(base_url: str) -> list[str]:
    """The ids in /v1/models; empty when nothing answers."""
    try:
        with httpx.Client(base_url=base_url, timeout=5) as client:
            models = client.get("/v1/models").raise_for_status().json()
        return [str(model["id"]) for model in models["data"]]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return []


def ask_one_token(base_url: str, model_id: str, timeout: float = FIRST_ANSWER_SECONDS) -> None:
    """Have the model say one token; `NotAnswering` when it does not."""
    question = {"model": model_id, "prompt": "Hello", "max_tokens": 1, "temperature": 0}
    try:
        answer = httpx.post(f"{base_url}/v1/completions", json=question, timeout=timeout)
    except httpx.TimeoutException:
        raise NotAnswering(f"it is up but gave no word within {timeout:.0f} s: the engine hangs") from None
    except httpx.HTTPError as error:
        raise NotAnswering(f"it broke off during its first answer ({type(error).__name__})") from error
    if answer.status_code != httpx.codes.OK:
        raise NotAnswering(f"its first answer was an error {answer.status_code}: {answer.text[:300]}")


_SECRET = re.compile(
    r"\b(hf_[A-Za-z0-9]{8})[A-Za-z0-9]+|\b(nvapi-.{4})\S+|((?:api|access)[-_]?key|token)(['\"= :]+)\S{12,}",
    re.I,
)


def without_secrets(line: str) -> str:
    """A log line with tokens and keys masked."""
    return _SECRET.sub(lambda m: f"{m[1] or m[2] or m[3] + m[4]}***", line)
