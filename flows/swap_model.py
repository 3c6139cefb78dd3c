"""swap-model: put one model in the place of another, and put back what was there if it will not start."""

import os
import signal
from pathlib import Path
from typing import Literal

from prefect import flow, get_run_logger
from prefect.exceptions import Pause
from prefect.runtime import flow_run

from blocks.ledger.claim import Claimed, claim
from blocks.ledger.lock import LockHeld, require_lock
from blocks.ledger.store import Ledger
from blocks.settings import ledger_url, load_settings
from blocks.words import Name
from tasks.approval import has_a_go
from tasks.launch import CannotLaunch
from tasks.preflight import PreflightFailed
from tasks.report import Report
from tasks.swap import FAILURES, Swap, SwapFailed, result_details
from tasks.webhook import send


@flow(name="swap-model", flow_run_name="swap to {model}")
def swap_model(
    model: Name,
    dry_run: bool = False,
    approval: Literal["none", "ask"] = "none",
    force: bool = False,
    lock_pass: str = "",
) -> str:
    """
    Swap the language model of the cluster.

    Looks at the hosts, checks everything that can be checked, lets the answers under way end, stops what
    runs, starts the model and waits until it answers.  If it does not come up, the model that ran before is
    started again.

    Args:
        model: Which model to load: a key of the menu.
        dry_run: Only say what would be done; nothing is changed.
        approval: ask: show the plan and wait for a go before anything is stopped.
        force: Load it anew even when it is already loaded and answers.
        lock_pass: Single-use pass of the lock's holder; filled in by the API, leave it blank.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", model)
    report.start(None)
    try:
        require_lock(ledger, lock_pass)
        swap = prepare(ledger, report, model)
    except (LockHeld, LookupError) as error:
        report.end("failed", f"Nothing was changed: {error}.")
        raise SwapFailed(f"Nothing was changed: {error}.") from error
    try:
        message = carry_out(swap, dry_run=dry_run, approval=approval, force=force)
    except SwapFailed as error:
        tell(swap, "swap_failed", str(error))
        raise
    except Pause:
        raise
    except BaseException as error:
        swap.leave_known_state(error)
        raise
    if not dry_run:
        tell(swap, "swap_complete", message)
    return message


def prepare(ledger: Ledger, report: Report, model: str) -> Swap:
    """Everything the swap needs to know beforehand; `LookupError` for a model that is not on the menu."""
    settings = load_settings(ledger)
    for problem in settings.problems:
        get_run_logger().warning(problem)
    recipe = settings.catalog.recipe(model)
    folder = Path(os.environ.get("SPARK_LOG_DIR", ".state/logs")) / report.run_id
    swap = Swap(settings, ledger, report, recipe, folder.resolve())
    report.start(swap.expected_seconds)
    return swap


def carry_out(swap: Swap, *, dry_run: bool, approval: str, force: bool) -> str:
    """Plan, ask, act; returns what came of it, `SwapFailed` when it did not work."""
    try:
        if (dry_run or approval == "ask") and (said := only_plan(swap, ask=not dry_run, force=force)):
            return done(swap, said)
        with claim(swap.ledger, "gpu", swap.report.run_id, on_lost=lambda: give_way(swap)):
            return done(swap, replace(swap, force=force))
    except (PreflightFailed, CannotLaunch, Claimed, *FAILURES) as error:
        loaded = swap.loaded_now
        still = f"{loaded} is still loaded." if loaded else "No model was loaded before."
        message = f"Nothing was changed: {error}. {still}"
        swap.report.end("failed", message, cause=str(error), now_loaded=loaded)
        raise SwapFailed(message) from error


def only_plan(swap: Swap, *, ask: bool, force: bool) -> str:
    """Look and plan without touching anything; returns why it ends here, blank when there is a go."""
    swap.look()
    if swap.nothing_to_do and not force:
        return f"{swap.recipe.title} is already loaded and answers: nothing to do."
    plan = swap.plan(swap.recipe)
    sentences = swap.sentences(plan, swap.preflight(plan))
    if not ask:
        swap.report.state("running", plan=sentences)
        return "Dry run: " + " ".join(sentences)
    return "" if has_a_go(swap.report, sentences, progress=0.05) else "No go: nothing was changed."


def replace(swap: Swap, *, force: bool) -> str:
    """Look, let the answers end, stop the one, start the other; on failure put the previous one back."""
    swap.look()
    if swap.nothing_to_do and not force:
        return f"{swap.recipe.title} is already loaded and answers: nothing to do."
    plan = swap.plan(swap.recipe)
    found = swap.preflight(plan)
    swap.report.state("running", plan=swap.sentences(plan, found))
    swap.drain()
    try:
        swap.stop_present(f"swap to {swap.recipe.key}")
        swap.start(plan, found)
    except FAILURES as error:
        raise failed(swap, error) from error
    return f"{swap.recipe.title} is loaded and answers."


def failed(swap: Swap, error: Exception) -> SwapFailed:
    """Find the cause, put the previous model back, and say both."""
    get_run_logger().error("%s did not start: %s", swap.recipe.title, error)
    diagnosis = swap.diagnose(error)
    swap.report.phase("putting back", f"{swap.recipe.title} did not start: {diagnosis.cause}", 0.5)
    try:
        now_loaded = swap.put_back()
    except (PreflightFailed, CannotLaunch, LookupError, *FAILURES) as second:
        now_loaded = f"No model is loaded: the previous one could not be started again either ({second})."
    message = f"{swap.recipe.title} did not start: {diagnosis.cause} {now_loaded}"
    swap.report.end("failed", message, **result_details(diagnosis, now_loaded, swap.log_folder))
    return SwapFailed(f"{message} {diagnosis.advice}")


def done(swap: Swap, message: str) -> str:
    """The good end."""
    swap.report.end("completed", message)
    get_run_logger().info(message)
    return message


def give_way(swap: Swap) -> None:
    """Another run took the GPU over while this process was stalled: end at once, touch nothing."""
    swap.lost = True
    os.kill(os.getpid(), signal.SIGTERM)


def tell(swap: Swap, event: str, message: str) -> None:
    """Call the webhook; a webhook that fails is logged and changes nothing."""
    if swap.settings.webhook.url is None:
        return
    data = {"model": swap.recipe.key, "run": swap.report.run_id, "message": message}
    state = send(swap.settings.webhook, event, data, return_state=True)
    if state.is_failed():
        get_run_logger().warning("the webhook could not be told: %s", state.message)
