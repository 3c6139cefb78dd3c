"""The engine as a service: stopped on every host as a swap does, started by a swap to the model it had."""

import os
from pathlib import Path

from blocks.cluster import Host
from blocks.ledger.claim import claim
from blocks.ledger.launches import Launch, last_good_launch, last_launch
from blocks.ledger.lock import LockHeld, current_lock
from blocks.ledger.runs import Run
from blocks.ledger.seen import read_seen
from tasks.drain import Drain
from tasks.engine import served_ids
from tasks.other_run import follow, start_run
from tasks.start import save_logs, stop_without_prefect
from tasks.steward import ServiceFailed, Steward

SWAP = "swap-model/cluster"
LONGEST_SECONDS = 6 * 3600.0


def load_again(steward: Steward, *, force: bool) -> str:
    """
    Have the model that was loaded last loaded by a swap, just as it was launched, followed to its end.

    The swap meets the lock and the claim on the GPU itself.

    Args:
        steward: Of the engine.
        force: Also when it is loaded and answers.
    """
    lock = current_lock(steward.ledger)
    if lock is not None and not steward.lock_pass:
        raise ServiceFailed(str(LockHeld(lock)))
    launch = last_good_launch(steward.ledger) or last_launch(steward.ledger)
    if launch is None:
        raise ServiceFailed("no model was ever loaded here, so there is none to start: switch to a model")
    steward.note("restarted" if force else "started")
    parameters = {"model": launch.model, "force": force, "dry_run": False, "approval": "none"}
    # The launch as it was, knobs and all: a swap that is for a while still finds its way back afterwards.
    parameters |= {"lock_pass": steward.lock_pass, "as_launched": launch.id}
    steward.report.phase("loading", f"asking for a swap to {launch.model}", 0.05)
    run_id = start_run(SWAP, parameters)
    ended = follow(steward.ledger, run_id, lambda run: _pass_on(steward, run), LONGEST_SECONDS)
    if ended.state != "completed":
        raise ServiceFailed(
            f"{launch.model} was not loaded again (run {run_id}): {ended.message.rstrip('.')}"
        )
    return ended.message


def stop_engine(steward: Steward) -> str:
    """
    Let the answers under way end, keep the logs, and stop the engine on every host it may be on.

    Raises:
        Claimed: Another run is changing the GPU.
        ServiceFailed: It could not be made sure that it is gone.
    """
    with claim(steward.ledger, "gpu", steward.report.run_id, on_lost=lambda: None):
        _drain(steward)
        hosts, container = engine_hosts(steward), steward.service.container
        steward.report.phase("stopping", f"stopping the engine on {_names(hosts)}", 0.5)
        save_logs.fn(hosts, container, _log_folder(steward))
        doubts = stop_without_prefect(hosts, container, steward.ledger, steward.reason or "stopped by hand")
    if doubts:
        raise ServiceFailed(f"it is not certain what runs now: {'; '.join(doubts)}")
    return f"The engine is stopped on {_names(hosts)}; no model is loaded."


def engine_hosts(steward: Steward) -> list[Host]:
    """Hosts the engine may be on: its own, those of the last launch, and where its container was seen."""
    cluster, container = steward.settings.cluster, steward.service.container
    launch: Launch | None = last_launch(steward.ledger)
    names = {steward.service.host, *(launch.hosts if launch else ())}
    for subject, sight in read_seen(steward.ledger, "host/").items():
        rows = sight.data.get("containers") or ()
        if any(isinstance(row, dict) and row.get("name") == container for row in rows):
            names.add(subject.removeprefix("host/"))
    return [host for host in cluster.hosts if host.name in names]


def _drain(steward: Steward) -> None:
    cluster = steward.settings.cluster
    url = cluster.base_url(steward.service)
    serving = served_ids(url)

    def tell(said: str) -> None:
        steward.report.phase("draining", said, 0.1)

    if cluster.drain_seconds and serving:
        tell("looking for answers under way")
        tell(Drain(url, serving[0], cluster.drain_seconds, tell).wait())


def _pass_on(steward: Steward, run: Run) -> None:
    steward.report.phase(run.phase, run.message, run.progress, run.eta_seconds)


def _names(hosts: list[Host]) -> str:
    return " and ".join(host.name for host in hosts)


def _log_folder(steward: Steward) -> Path:
    return Path(os.environ.get("SPARK_LOG_DIR", ".state/logs")).resolve() / steward.report.run_id / "stopped"
