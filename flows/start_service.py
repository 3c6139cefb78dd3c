"""start-service: put a service's container back to work, and wait until it answers."""

from typing import Annotated

from prefect import flow

from blocks.words import Name
from tasks.report import own_name
from tasks.run_form import Approval, DryRun, LockPass, Reason, titled
from tasks.service_order import Order, carry_out


@flow(name="start-service", flow_run_name=own_name)
def start_service(
    service: Annotated[Name, titled("Service")],
    dry_run: DryRun = False,
    approval: Approval = "none",
    reason: Reason = "",
    lock_pass: LockPass = "",
) -> str:
    """
    Start a service.

    Starts its container and waits until the service answers; one that runs is left alone.  For vLLM the
    model that was loaded last is loaded again by a swap.

    Args:
        service: The service to start.
        dry_run: Only say what would be done; nothing is changed.
        approval: none: begin at once. ask: show the plan, and wait for a go.
        reason: Why, for those who look at its history.
        lock_pass: Filled in over HTTP for whoever holds the swap lock; leave it blank.
    """
    return carry_out(Order("start", service, reason, dry_run, approval, lock_pass))
