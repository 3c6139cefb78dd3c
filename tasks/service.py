"""Starting, stopping and restarting one service, and looking at what came of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from blocks.ledger.claim import Claimed, claim
from blocks.ledger.service_events import service_events_of, stopped_on_purpose
from tasks.check import Unreadable
from tasks.other_run import RunNotStarted, RunTooLong
from tasks.service_container import (
    ALIVE,
    act,
    memory_warning,
    require_container,
    state_of,
    wait_until_well,
    why_no_answer,
)
from tasks.service_engine import load_again, stop_engine
from tasks.ssh import OutputTooLong, Unreachable
from tasks.steward import ServiceFailed, Steward

__all__ = ["ServiceFailed", "Steward", "restart", "service_claim", "start", "stop"]

_FAILURES = (Unreachable, Unreadable, OutputTooLong, RunNotStarted, RunTooLong, LookupError)
_LONGEST_CLAIM = 63


def start(steward: Steward) -> str:
    """
    Start it and wait until it answers; returns a sentence.  One that runs is left alone.

    Raises:
        ServiceFailed: It does not answer; the only failure there is.
    """
    with _plainly():
        if steward.is_engine:
            return load_again(steward, force=False)
        with _alone(steward):
            return _start(steward)


def stop(steward: Steward) -> str:
    """
    Stop it and look that it is so; returns a sentence.  It is not healed until somebody starts it.

    Raises:
        ServiceFailed: It may still run; the only failure there is.
    """
    with _plainly():
        before = stopped_on_purpose(service_events_of(steward.ledger, steward.service.name))
        steward.note("stopped")  # before the act, so that nobody heals what is being stopped
        try:
            if steward.is_engine:
                return stop_engine(steward)
            with _alone(steward):
                return _stop(steward)
        except BaseException:
            if not before:
                steward.note("started", "it could not be stopped")
            raise


def restart(steward: Steward) -> str:
    """
    Restart it and wait until it answers; returns a sentence.

    It is written down before it is done, so that one that does not come up counts as well.

    Raises:
        ServiceFailed: It does not answer; the only failure there is.
    """
    with _plainly():
        if steward.is_engine:
            return load_again(steward, force=True)
        with _alone(steward):
            return _restart(steward)


def _start(steward: Steward) -> str:
    service = steward.service
    state = require_container(steward, "started")
    steward.note("started")
    if state == "running" and not why_no_answer(steward):
        return f"{service.name} was running on {service.host} already, and answers."
    warning = memory_warning(steward)
    steward.report.phase("starting", warning or f"starting container {service.container}", 0.2)
    act(steward, "start")
    wait_until_well(steward)
    return f"{service.name} is started on {service.host} and answers. {warning}".strip()


def _restart(steward: Steward) -> str:
    service = steward.service
    require_container(steward, "restarted")
    steward.note("restarted")
    steward.report.phase("restarting", f"restarting container {service.container}", 0.2)
    act(steward, "restart")
    wait_until_well(steward)
    return f"{service.name} is restarted on {service.host} and answers."


def _stop(steward: Steward) -> str:
    service = steward.service
    if not state_of(steward):
        if not why_no_answer(steward):
            raise ServiceFailed(
                f"{service.name} answers, but there is no container {service.container} on {service.host}: "
                "it runs under another name. Set that name, and stop it then"
            )
        return f"There is no container {service.container} on {service.host}: nothing had to be stopped."
    steward.report.phase("stopping", f"stopping container {service.container}", 0.3)
    act(steward, "stop")
    if (state := state_of(steward)) in ALIVE:
        raise ServiceFailed(f"container {service.container} on {service.host} is still {state}: try again")
    return f"{service.name} is stopped on {service.host}. It stays so until somebody starts it."


def service_claim(name: str) -> str:
    """The claim that a run holds while it acts on a service."""
    return f"service/{name}"[:_LONGEST_CLAIM]


@contextmanager
def _alone(steward: Steward) -> Iterator[None]:
    """No other run acts on the same service until the block ends."""
    name = service_claim(steward.service.name)
    with claim(steward.ledger, name, steward.report.run_id, on_lost=lambda: None):
        yield


@contextmanager
def _plainly() -> Iterator[None]:
    """Every failure that can be foreseen, as `ServiceFailed`."""
    try:
        yield
    except Claimed as error:
        raise ServiceFailed(
            f"another run ({error.run_id}) is acting on it just now: wait until that has ended"
        ) from error
    except _FAILURES as error:
        raise ServiceFailed(str(error)) from error
