"""swap-model: put one model in the place of another, and put back what was there if it will not start."""

import os
import signal
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, get_run_logger
from prefect.exceptions import Pause
from prefect.runtime import flow_run
from pydantic import Field

from blocks.knobs import Knobs
from blocks.ledger.claim import Claimed, claim
from blocks.ledger.launches import get_launch
from blocks.ledger.lock import LockHeld, require_lock
from blocks.ledger.store import Ledger
from blocks.recipe import Catalog, Recipe
from blocks.settings import ledger_url, load_settings
from blocks.words import Name
from tasks.approval import has_a_go
from tasks.launch import CannotLaunch
from tasks.preflight import PreflightFailed
from tasks.report import Report, own_name
from tasks.run_form import Approval, DryRun, LockPass, NameOrBlank, internal, titled
from tasks.swap import FAILURES, Swap, SwapFailed, result_details
from tasks.swap_news import tell_complete, tell_failed, tell_started
from tasks.way_back import Order, has_changed_since, plan_way_back, way_back

Minutes = Annotated[int, Field(ge=0, le=7 * 24 * 60)]

AS_IT_IS: dict[str, Any] = {}
"""No knobs: the recipe as it is."""


@flow(name="swap-model", flow_run_name=own_name)
def swap_model(  # noqa: PLR0913 - each is a field of the run form
    model: Annotated[Name, titled("Model")],
    dry_run: DryRun = False,
    approval: Approval = "none",
    length_minutes: Annotated[Minutes, titled("Stays for (minutes)")] = 0,
    afterwards: Annotated[NameOrBlank, titled("Model that comes afterwards")] = "",
    *,
    force: Annotated[bool, titled("Load it anew")] = False,
    knobs: Annotated[Knobs, titled("Flags for this swap only")] = AS_IT_IS,
    lock_pass: LockPass = "",
    in_place_of: Annotated[str, internal("Only while this launch stands")] = "",
    as_launched: Annotated[str, internal("Just as this earlier launch")] = "",
) -> str:
    """
    Swap the language model of the cluster.

    Looks at the hosts, checks everything that can be checked, lets the answers under way end, stops what
    runs, starts the model and waits until it answers.  If it does not come up, the model that ran before is
    started again.

    Args:
        model: The model to load: those that are whole on the disks.
        dry_run: Only say what would be done; nothing is changed.
        approval: none: begin at once. ask: show the plan, and wait for a go before anything is stopped.
        length_minutes: How long it stays, from the time this run was due; 0: for good.
        afterwards: What is loaded then; blank: what was loaded before.
        force: Load it anew even when it is already loaded and answers.
        knobs: In the place of the recipe's own, like {"max_model_len": 65536}; null leaves one out.
        lock_pass: Filled in over HTTP for whoever holds the swap lock; leave it blank.
        in_place_of: Filled in for the way back; leave it blank.
        as_launched: Filled in for the way back; leave it blank.
    """
    order = Order(
        model, dry_run, approval, force, knobs, length_minutes, afterwards, in_place_of, as_launched
    )
    return end_to_end(order, lock_pass)


def end_to_end(order: Order, lock_pass: str) -> str:
    """The whole of it, told to the ledger, Prefect and the webhook; `SwapFailed` when it did not work."""
    swap = prepare(order, lock_pass)
    try:
        message = carry_out(swap, order)
    except SwapFailed as error:
        if not order.dry_run:
            tell_failed(swap, str(error))
        raise
    except Pause:
        raise
    except BaseException as error:
        swap.leave_known_state(error)
        if not order.dry_run:
            tell_failed(swap, f"The swap to {swap.recipe.title} was broken off.")
        raise
    if not order.dry_run and (swap.touched or swap.nothing_to_do):
        tell_complete(swap, message)
    return message


def prepare(order: Order, lock_pass: str) -> Swap:
    """Everything the swap needs to know beforehand; `SwapFailed` when it may not be, or cannot."""
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", order.model)
    report.start(None)
    try:
        require_lock(ledger, lock_pass)
        settings = load_settings(ledger)
        recipe = recipe_of(order, settings.catalog, ledger)
    except (LockHeld, LookupError) as error:
        report.end("failed", f"Nothing was changed: {error}.")
        raise SwapFailed(f"Nothing was changed: {error}.") from error
    for problem in settings.problems:
        get_run_logger().warning(problem)
    folder = Path(os.environ.get("SPARK_LOG_DIR", ".state/logs")) / report.run_id
    swap = Swap(settings, ledger, report, recipe, folder.resolve())
    report.start(swap.expected_seconds)
    return swap


def recipe_of(order: Order, catalog: Catalog, ledger: Ledger) -> Recipe:
    """The recipe as it is to be launched; `LookupError` for a model that is not on the menu."""
    if order.afterwards:
        catalog.recipe(order.afterwards)
    launch = get_launch(ledger, order.as_launched) if order.as_launched else None
    recipe = Recipe.model_validate(launch.recipe) if launch else catalog.recipe(order.model)
    return recipe.with_knobs(order.knobs)


def carry_out(swap: Swap, order: Order) -> str:
    """Plan, ask, act; returns what came of it, `SwapFailed` when it did not work."""
    try:
        if (order.dry_run or order.approval == "ask") and (said := only_plan(swap, order)):
            return done(swap, said)
        with claim(swap.ledger, "gpu", swap.report.run_id, on_lost=lambda: give_way(swap)):
            return done(swap, replace(swap, order))
    except (PreflightFailed, CannotLaunch, Claimed, *FAILURES) as error:
        loaded = swap.loaded_now
        still = f"{loaded} is still loaded." if loaded else "No model was loaded before."
        message = f"Nothing was changed: {error}. {still}"
        swap.report.end("failed", message, cause=str(error), now_loaded=loaded)
        raise SwapFailed(message) from error


def only_plan(swap: Swap, order: Order) -> str:
    """Look and plan without touching anything; returns why it ends here, blank when there is a go."""
    swap.look()
    said, back = settled(swap, order), way_back(swap, order)
    if said and (order.dry_run or back is None):
        return said
    if said:
        sentences = [said]
    else:
        plan = swap.plan(swap.recipe)
        sentences = swap.sentences(plan, swap.preflight(plan))
    sentences += [back.sentence] if back else []
    if order.dry_run:
        swap.report.state("running", plan=sentences)
        return "Dry run: " + " ".join(sentences)
    return "" if has_a_go(swap.report, sentences, progress=0.05) else "No go: nothing was changed."


def replace(swap: Swap, order: Order) -> str:
    """Look, let the answers end, stop the one, start the other; on failure put the previous one back."""
    swap.look()
    back = way_back(swap, order)
    if said := settled(swap, order):
        return f"{said}{plan_way_back(swap, order, back)}"
    plan = swap.plan(swap.recipe)
    found = swap.preflight(plan)
    swap.report.state("running", plan=swap.sentences(plan, found))
    tell_started(swap)
    swap.drain()
    try:
        swap.stop_present(f"swap to {swap.recipe.key}")
        swap.start(plan, found)
    except FAILURES as error:
        raise failed(swap, error) from error
    return f"{swap.recipe.title} is loaded and answers.{plan_way_back(swap, order, back)}"


def settled(swap: Swap, order: Order) -> str:
    """Why there is nothing to do; blank when there is."""
    if order.in_place_of and has_changed_since(swap.ledger, swap.situation, order.in_place_of):
        return "What was to be swapped back is not loaded any more: nothing was changed."
    if swap.nothing_to_do and not order.force:
        return f"{swap.recipe.title} is already loaded and answers: nothing to do."
    return ""


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
