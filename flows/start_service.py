"""start-service: put a service's container back to work, and wait until it answers."""

from typing import Literal

from prefect import flow

from blocks.words import Name, Plain
from tasks.service_order import Order, carry_out


@flow(name="start-service", flow_run_name="start {service}")
def start_service(
    service: Name,
    reason: Plain = "",
    dry_run: bool = False,
    approval: Literal["none", "ask"] = "none",
    lock_pass: str = "",
) -> str:
    """
    Start a service.

    Starts its container and waits until the service answers; one that runs is left alone.  For vLLM the
    model that was loaded last is loaded again by a swap.

    Args:
        service: Name of the service, as the settings have it.
        reason: Why, for those who look at its history.
        dry_run: Only say what would be done; nothing is changed.
        approval: ask: show the plan and wait for a go.
        lock_pass: Single-use pass of the lock's holder; filled in by the API, leave it blank.
    """
    return carry_out(Order("start", service, reason, dry_run, approval, lock_pass))
