"""What a request is told whose model is not loaded, though it may be swapped to by itself (pure)."""

from blocks.ledger.lock import Lock
from gateway.lock_view import lock_view
from gateway.problem import Problem, retry_after
from gateway.runs import RunView
from gateway.wants import Failure

LOADING = "model_loading"
"""The code of the problem that tells a client to come back: the model will be there one day."""


def loading(key: str, message: str, run: RunView | None, eta_seconds: float | None) -> Problem:
    """503: the model is wanted or on its way, with how far it is; no run: no swap has been asked for yet."""
    return Problem(
        503,
        f"{message}: try again in a while",
        LOADING,
        headers=retry_after(min(eta_seconds, 60.0) if eta_seconds else 10.0),
        loading={
            "model": key,
            "phase": run.phase if run else "queued",
            "progress": run.progress if run else 0.0,
            "eta_seconds": eta_seconds,
            "run": run.id if run else None,
        },
    )


def failed(key: str, failure: Failure, seconds: float) -> Problem:
    """503: the swap to it failed, why, and in how many seconds it may be tried again."""
    return Problem(
        503,
        f"model {key} could not be loaded: {failure.why.rstrip('.')}. "
        f"It is left alone for another {max(1, round(seconds))} s.",
        "swap_failed",
        param="model",
        headers=retry_after(seconds),
        run=failure.run,
    )


def locked(key: str, lock: Lock, seconds: float) -> Problem:
    """409: another holds the swap lock, for that many seconds more."""
    view = lock_view(lock)
    return Problem(
        409,
        f"model {key} is not loaded, and {lock.holder} holds the swap lock until {view['until']}: "
        f"{lock.reason or 'no reason given'}",
        "locked",
        param="model",
        headers=retry_after(seconds),
        lock=view,
    )
