"""The way back of a swap that is for a while: one later swap in Prefect, which undoes it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from prefect import get_run_logger
from prefect.runtime import flow_run
from sqlalchemy.exc import SQLAlchemyError

from blocks.flags import Value
from blocks.ledger.launches import get_launch, good_launches_since, last_good_launch
from blocks.ledger.store import Ledger
from tasks.other_run import RunNotStarted, start_run
from tasks.situation import Situation
from tasks.swap import Swap

SWAP = "swap-model/cluster"


@dataclass(frozen=True)
class Order:
    """
    What was asked for, as the run form has it.

    Attributes:
        model: Key of the recipe.
        knobs: Flags in the place of the recipe's own, for this swap only; None leaves one out.
        length_minutes: How long the model stays, from when the run was due; 0: for good.
        afterwards: Key of what comes then; blank: what was loaded before.
        in_place_of: A launch of the ledger; when another model has come since, nothing is done.
        as_launched: A launch of the ledger whose recipe is used, letter by letter.
    """

    model: str
    dry_run: bool = False
    approval: str = "none"
    force: bool = False
    knobs: dict[str, Value | None] = field(default_factory=dict)
    length_minutes: int = 0
    afterwards: str = ""
    in_place_of: str = ""
    as_launched: str = ""


@dataclass(frozen=True)
class WayBack:
    """
    The swap that will come after one for a while.

    Attributes:
        title: The model's name, for people.
        at: When; never before now.
    """

    model: str
    title: str
    as_launched: str
    at: datetime

    @property
    def sentence(self) -> str:
        """What will happen, for the plan and the result."""
        return f"It stays until {self.at:%H:%M} UTC on {self.at:%d %b}; then {self.title} is loaded."


def way_back(swap: Swap, order: Order) -> WayBack | None:
    """
    What comes after a swap for a while; None when it is for good, or nothing was loaded before.

    A length counts from when the run was to begin, however long it waited or loads.

    Args:
        swap: After its look, and before anything is stopped.
        order: What was asked for.
    """
    if not order.length_minutes:
        return None
    now, due = datetime.now(UTC), flow_run.scheduled_start_time
    begin = datetime.fromtimestamp(due.timestamp(), UTC) if due else now
    at = max(now, begin + timedelta(minutes=order.length_minutes))
    if order.afterwards:
        recipe = swap.settings.catalog.recipe(order.afterwards)
        return WayBack(recipe.key, recipe.title, "", at)
    before = swap.situation.previous
    if before is None or swap.loaded_now is None or swap.nothing_to_do:
        return None
    launch = swap.situation.launch
    return WayBack(before.key, before.title, launch.id if launch else "", at)


def plan_way_back(swap: Swap, order: Order, back: WayBack | None) -> str:
    """Have Prefect keep the later swap; says so, or why there is none; blank for a swap that is for good."""
    if not order.length_minutes:
        return ""
    if back is None:
        return " It stays loaded: there is nothing to go back to."
    try:
        ours = last_good_launch(swap.ledger)
        parameters = {"model": back.model, "as_launched": back.as_launched}
        parameters["in_place_of"] = ours.id if ours else ""
        start_run(SWAP, parameters, key=f"way-back-{swap.report.run_id}", at=back.at)
    except (RunNotStarted, SQLAlchemyError) as error:  # the model answers, and is to go on doing so
        get_run_logger().warning("the way back was not planned: %s", error)
        return f" It stays loaded until somebody swaps: the way back could not be planned ({error})."
    return f" {back.sentence}"


def has_changed_since(ledger: Ledger, situation: Situation, launch_id: str) -> bool:
    """
    True when what is loaded is not what that launch loaded, or something else was loaded in between.

    The same recipe started anew, as after a failed deep check, counts as the same.
    """
    launch, now = get_launch(ledger, launch_id), situation.launch
    if launch is None or now is None:
        return True
    since = [now, *good_launches_since(ledger, launch.launched)]
    return any(other.recipe != launch.recipe for other in since)
