"""stop-service: end a service's container; it stays so until somebody starts it."""

from typing import Literal

from prefect import flow

from blocks.words import Name, Plain
from tasks.service_order import Order, carry_out


@flow(name="stop-service", flow_run_name="stop {service}")
def stop_service(
    service: Name,
    reason: Plain = "",
    dry_run: bool = False,
    approval: Literal["none", "ask"] = "none",
    lock_pass: str = "",
) -> str:
    """
    Stop a service.

    Stops its container and looks that it has ended.  It is not healed until somebody starts it.  For vLLM the
    answers under way may end first, and the engine is stopped on every host.

    Args:
        service: Name of the service, as the settings have it.
        reason: Why, for those who look at its history.
        dry_run: Only say what would be done; nothing is changed.
        approval: ask: show the plan and wait for a go.
        lock_pass: Single-use pass of the lock's holder; filled in by the API, leave it blank.
    """
    return carry_out(Order("stop", service, reason, dry_run, approval, lock_pass))
