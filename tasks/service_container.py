"""A service's container on its host: acting on it, and waiting until the service answers."""

import time
from dataclasses import dataclass

import httpx

from blocks.cluster import Host, Service
from tasks.check import Answer, Command, Unreadable, command
from tasks.checks.containers import NOT_FOUND
from tasks.checks.memory import GIB
from tasks.engine import without_secrets
from tasks.ssh import Unreachable, run
from tasks.steward import ServiceFailed, Steward

STOP_GRACE_SECONDS = 20
"""How long a service may take to end by itself, a database to write its files, before it is killed."""
ACT_SECONDS = 120
POLL_SECONDS = 0.5
LAST_LINES = 3

PATIENCE_SECONDS = {"stt": 600.0, "tts": 600.0, "embeddings": 600.0, "qdrant": 300.0}
"""How long a service of a kind may take from its start to its first answer; others: `PATIENCE`."""
PATIENCE = 300.0
NIM_PATIENCE = 3000.0
"""A speech NIM may build its engines at its first start (spark-tools.md 4.5: start_period)."""

USUAL_GIB = {"stt": 10.0, "tts": 5.5, "embeddings": 4.0}
"""Memory that a service of a kind usually takes on a Spark (spark-tools.md 4.5: ASR 10.4 GB, TTS 5.9 GB)."""

LOOPING = 3
"""So many restarts by docker's own policy are a loop, which harms the host (spark-tools.md 5.4)."""

ALIVE = ("running", "restarting", "paused")


@dataclass(frozen=True)
class Contained:
    """A container as docker knows it: its state, blank when there is none, and its restarts by policy."""

    state: str = ""
    restarts: int = 0


def look_command(container: str) -> Command:
    """Asks for the state of a container and how often its restart policy has restarted it."""
    wanted = "{{.State.Status}} {{.RestartCount}}"
    return command("docker", "inspect", "--type", "container", "--format", wanted, container)


def read_contained(answer: Answer) -> Contained:
    """What docker said of a container; raises `Unreadable` rather than guess."""
    if answer.code == NOT_FOUND or (not answer.ok and "no such" in answer.stderr.lower()):
        return Contained()
    try:
        state, restarts = answer.stdout.split()
        return Contained(state, int(restarts))
    except ValueError:
        raise Unreadable(f"docker cannot be asked for the container: {answer.said}") from None


def look_at(steward: Steward) -> Contained:
    """The service's container as it is now."""
    return read_contained(run(steward.host, look_command(steward.service.container)))


def state_of(steward: Steward) -> str:
    """Docker's word for the state of the service's container now; blank when there is none."""
    return look_at(steward).state


def require_container(steward: Steward, doing: str) -> str:
    """The state of the container; `ServiceFailed` says what to do when there is none."""
    state = state_of(steward)
    if not state:
        service = steward.service
        raise ServiceFailed(
            f"there is no container {service.container} on {service.host}, so {service.name} cannot be "
            f"{doing}. Create it once on the host (docker run or docker compose; NVIDIA's images can be "
            "installed from here), or set the name that it has"
        )
    return state


def act(steward: Steward, verb: str) -> None:
    """Have docker start, stop or restart the container; `ServiceFailed` says what state it is in then."""
    grace = () if verb == "start" else ("-t", str(STOP_GRACE_SECONDS))
    container = steward.service.container
    answer = run(steward.host, command("docker", verb, *grace, container, timeout=ACT_SECONDS))
    if not answer.ok:
        state = state_of(steward) or "gone"
        said = without_secrets(answer.said)
        raise ServiceFailed(
            f"docker on {steward.service.host} did not {verb} container {container}: {said}. "
            f"The container is {state} now"
        )


def why_no_answer(steward: Steward) -> str:
    """Why the service's health route does not answer with 200; blank when it does."""
    service, cluster = steward.service, steward.settings.cluster
    try:
        with httpx.Client(base_url=cluster.base_url(service), timeout=5) as client:
            answer = client.get(service.health_path, headers=_key(steward))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"no answer ({type(error).__name__})"
    return "" if answer.status_code == httpx.codes.OK else f"{service.health_path} says {answer.status_code}"


def wait_until_well(steward: Steward) -> None:
    """Wait until the service answers; `ServiceFailed` when its container ends, or time runs out."""
    patience = steward.patience_seconds or usual_patience(steward.service)
    began, before = time.monotonic(), look_at(steward).restarts
    while why := why_no_answer(steward):
        gone, now = time.monotonic() - began, look_at(steward)
        if fault := why_given_up(now, before, gone, patience):
            raise ServiceFailed(f"{_named(steward)} {fault}: {why}{_last_words(steward)}")
        told = f"{steward.service.name} is {now.state}: {why}"
        steward.report.phase("waiting for an answer", told, 0.3 + 0.6 * gone / patience)
        time.sleep(POLL_SECONDS)


def why_given_up(now: Contained, restarts_before: int, gone: float, patience: float) -> str:
    """Why a start is waited for no longer, in words; blank while it may still come up (pure)."""
    if now.state not in ALIVE:
        return "has ended by itself"
    if now.restarts - restarts_before >= LOOPING:
        return f"ends again and again: docker has restarted it {now.restarts - restarts_before} times"
    return f"is {now.state}, but the service does not answer after {gone:.0f} s" if gone > patience else ""


def usual_patience(service: Service) -> float:
    """Seconds a service may take from its start to its first answer."""
    if service.dialect == "magpie":
        return NIM_PATIENCE
    return PATIENCE_SECONDS.get(service.kind, PATIENCE)


def memory_warning(steward: Steward) -> str:
    """A sentence when the host has less memory than such a service usually takes; blank otherwise."""
    needed = USUAL_GIB.get(steward.service.kind, 0.0)
    free = _free_gib(steward.host)
    if free is None or free >= needed:
        return ""
    return (
        f"Only {free:.1f} GiB of memory are free on {steward.service.host}, and such a service usually takes "
        f"{needed:.1f}: it may not come up, or press on the loaded model."
    )


def _free_gib(host: Host) -> float | None:
    """Available memory; None when it cannot be read, since a warning must not stop a start."""
    answer = run(host, command("free", "-b"))
    rows = [line.split() for line in answer.stdout.splitlines() if line.startswith("Mem:")]
    try:
        return int(rows[0][6]) / GIB
    except (IndexError, ValueError):
        return None


def _named(steward: Steward) -> str:
    return f"container {steward.service.container} on {steward.service.host}"


def _last_words(steward: Steward) -> str:
    """The end of its log, as the end of a sentence."""
    words = ("docker", "logs", "--tail", str(LAST_LINES), steward.service.container)
    try:
        answer = run(steward.host, command(*words))
    except (Unreachable, Unreadable):
        return ""
    said = " / ".join(line.strip() for line in (answer.stdout + answer.stderr).splitlines() if line.strip())
    return f". Its last words: {without_secrets(said[-500:])}" if answer.ok and said else ""


def _key(steward: Steward) -> dict[str, str]:
    """What a service that asks for a key is sent."""
    key = steward.settings.upstream_keys.get(steward.service.name)
    if not key:
        return {}
    return {"api-key": key} if steward.service.kind == "qdrant" else {"authorization": f"Bearer {key}"}
