"""create-ssh-key: give a host an SSH key of its own."""

from typing import Annotated

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from blocks.cluster import Host
from blocks.ledger.store import Ledger
from blocks.public_key import PublicKey
from blocks.settings import ledger_url, load_settings
from blocks.words import Name
from tasks.approval import has_a_go
from tasks.checks.ssh_key import KEY, OwnKey
from tasks.ensure import check_host, fix_host
from tasks.outcome import failure_told
from tasks.report import Report, own_name
from tasks.run_form import Approval, DryRun, titled
from tasks.ssh_keys import note_own_key


@flow(name="create-ssh-key", flow_run_name=own_name)
def create_ssh_key(
    host: Annotated[Name, titled("Host")], dry_run: DryRun = False, approval: Approval = "none"
) -> str:
    """
    Show a host's own public SSH key; make the key first when it has none.

    With it the host reaches others: its peers, for copies over the fast link, or a git server.
    A key that is there is never written over.

    Args:
        host: The host that needs a key of its own.
        dry_run: Only say what would be done; nothing is changed.
        approval: none: begin at once. ask: show the plan, and wait for a go.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", host, kind="ssh-key")
    report.start(None)
    with failure_told(report, f"{host} was given no key", f"Run it again to see whether {host} has a key."):
        place = load_settings(ledger).cluster.host(host)
        message, key = carry_out(report, place, dry_run=dry_run, approval=approval)
        note_own_key(ledger, host, key)
    report.end("completed", message, public=key.line if key else "")
    get_run_logger().info(message)
    return message


def carry_out(report: Report, host: Host, *, dry_run: bool, approval: str) -> tuple[str, PublicKey | None]:
    """Look, plan, ask, act; what came of it, and the key."""
    report.phase("looking", f"looking for {KEY} on {host.name}", 0.1)
    found = check_host(host, OwnKey())
    if found.verdict.ok:
        return f"{host.name} has a key: {found.seen.line}", found.seen
    plan = [f"Make {KEY} on {host.name}, of kind ed25519 and without a passphrase."]
    report.state("running", plan=plan)
    if dry_run:
        return "Dry run: " + plan[0], None
    if approval == "ask" and not has_a_go(report, plan):
        return "No go: nothing was changed.", None
    report.phase("making", f"making {KEY} on {host.name}", 0.5)
    fix_host(host, OwnKey(), found)
    key: PublicKey = check_host(host, OwnKey()).seen
    return f"{host.name} has a new key: {key.line}", key
