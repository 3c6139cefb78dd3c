"""ensure-state: check the state of the hosts, and put right what drifted where that is asked for."""

from typing import Annotated

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from blocks.ledger.claim import Claimed, claim
from blocks.ledger.store import Ledger
from blocks.settings import Settings, ledger_url, load_settings
from blocks.words import Name
from tasks.approval import has_a_go
from tasks.artifacts import table
from tasks.download import ALL, hosts_named
from tasks.ensure_state import EnsureState, Fixer, fix_in_tasks, own_public_key
from tasks.outcome import Failed, failure_told
from tasks.report import Report, own_name
from tasks.run_form import Approval, titled
from tasks.run_pages import headline
from tasks.state.kinds import chosen, every_check
from tasks.state_report import as_rows, counts, in_words, script_page

KIND = "state"
CLAIM = "state"


@flow(name="ensure-state", flow_run_name=own_name)
def ensure_state(
    hosts: Annotated[list[Name], titled("Hosts")] = [ALL],  # noqa: B006 - the form shows it; nobody changes it
    groups: Annotated[list[Name], titled("Groups of checks")] = [ALL],  # noqa: B006 - the same
    act: Annotated[bool, titled("Put right what drifted")] = False,
    approval: Approval = "none",
    checks: Annotated[list[Name], titled("Only these checks")] = [],  # noqa: B006 - the same
) -> str:
    """
    Check the state of the hosts: clock, disks, docker, image, fast link, keys, packages, driver, CUDA.

    Without *Put right what drifted* nothing is changed.  With it, what can be put right by a command is; what
    needs a person, or root rights that we do not have, is left as a script in the artifact *state-by-hand*.

    Args:
        hosts: The hosts to look at; all: every host.
        groups: cluster, prerequisites or cuda; all: every group.
        act: Put right what drifted, then look again.
        approval: none: begin at once. ask: show the plan, and wait for a go.
        checks: Names of single checks, such as clock; none: all of the groups.
    """
    ledger = Ledger(ledger_url())
    report = Report(ledger, flow_run.id or "", " and ".join(hosts), kind=KIND)
    report.start(None)
    left = "What was found last of each host stands at GET /api/state; run it again to see what holds now."
    with failure_told(report, "The state of the hosts was not ensured", left):
        state = begun(load_settings(ledger), ledger, hosts, groups, checks)
        message = carry_out(state, report, act=act, approval=approval)
    report.show(table("state", as_rows(state.findings), headline(message)))
    if page := script_page(state.findings):
        report.show(page)
    report.end("completed", message, counts=counts(state.findings))
    get_run_logger().info(message)
    return message


def begun(
    settings: Settings, ledger: Ledger, hosts: list[str], groups: list[str], checks: list[str]
) -> EnsureState:
    """The hosts and checks that are meant; `LookupError` for one that is not known."""
    cluster = settings.cluster
    places = hosts_named(cluster, hosts)
    wanted = [] if ALL in groups else groups
    known = every_check({host.name: own_public_key(host) for host in places})
    return EnsureState(cluster, ledger, places, chosen(known, wanted, checks))


def carry_out(
    state: EnsureState, report: Report, *, act: bool, approval: str, fix: Fixer = fix_in_tasks
) -> str:
    """Look, plan, ask, act, look again; returns what came of it."""
    report.phase("looking", "asking the hosts for their state", 0.1)
    state.look()
    if not act:
        return in_words(state.findings)
    if not state.due():
        return f"Nothing was changed. {in_words(state.findings)}"
    report.state("running", plan=state.sentences())
    if approval == "ask" and not has_a_go(report, state.sentences()):
        return "No go: nothing was changed."
    try:
        with claim(state.ledger, CLAIM, report.run_id, on_lost=lambda: None):
            report.phase("fixing", " ".join(state.sentences()), 0.4)
            refused = fix(state)
            report.phase("looking again", "asking the hosts once more", 0.9)
            state.look_again(refused)
    except Claimed as error:
        raise Failed(f"nothing was changed: run {error.run_id} is fixing hosts just now") from error
    return in_words(state.findings)
