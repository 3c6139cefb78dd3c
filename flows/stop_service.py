"""stop-service: end a service's container; it stays so until somebody starts it."""

from typing import Annotated

from prefect import flow

from blocks.words import Name
from tasks.report import own_name
from tasks.run_form import Approval, DryRun, LockPass, Reason, titled
from tasks.service_order import Order, carry_out


@flow(name="stop-service", flow_run_name=own_name)
def stop_service(
    service: Annotated[Name, titled("Service")],
    dry_run: DryRun = False,
    approval: Approval = "none",
    reason: Reason = "",
    lock_pass: LockPass = "",
) -> str:
    """
    Stop a service.

    Stops its container and looks that it has ended.  It is not healed until somebody starts it.  For vLLM the
    answers under way may end first, and the engine is stopped on every host.

    Args:
        service: The service to stop.
        dry_run: Only say what would be done; nothing is changed.
        approval: none: begin at once. ask: show the plan, and wait for a go.
        reason: Why, for those who look at its history.
        lock_pass: Filled in over HTTP for whoever holds the swap lock; leave it blank.
    """
    return carry_out(Order("stop", service, reason, dry_run, approval, lock_pass))
