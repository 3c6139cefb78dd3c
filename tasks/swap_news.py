"""The news of a swap for the webhooks: started, complete, failed, rolled back."""

import logging
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from blocks.telling import tell
from tasks.swap import Swap

log = logging.getLogger(__name__)


def tell_started(swap: Swap) -> None:
    """The present model is about to be stopped; exactly one end of it will be told."""
    _tell(swap, "swap_started", f"The swap to {swap.recipe.title} begins.")


def tell_complete(swap: Swap, message: str) -> None:
    """The model is loaded and answers; `changed` is false when it was so already."""
    _tell(swap, "swap_complete", message, changed=swap.touched, served=swap.recipe.served)


def tell_failed(swap: Swap, message: str) -> None:
    """It did not work; one more event says that the model from before was started again and answers."""
    _tell(swap, "swap_failed", message, changed=swap.touched)
    if swap.rolled_back:
        _tell(swap, "swap_rolled_back", message, changed=True)


def _tell(swap: Swap, event: str, message: str, **more: Any) -> None:
    """Put it into the outbox; a ledger that is away is logged and changes nothing."""
    previous = swap.situation.previous
    data = {
        "model": swap.recipe.key,
        "previous": previous.key if previous else None,
        "run": swap.report.run_id,
        "message": message,
    }
    try:
        tell(swap.ledger, swap.settings, event, {**data, **more})
    except SQLAlchemyError as error:
        log.warning("the webhooks will not be told of %s: %s", event, error)
