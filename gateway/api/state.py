"""/api/state: the state of the hosts as it was last checked, and have it checked or put right."""

from typing import Any, Literal

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from blocks.ledger import clock
from blocks.ledger.runs import latest_runs
from blocks.ledger.state import CHECKS, Group, Outcome, StateFinding, read_state, script_of
from blocks.ledger.store import Ledger
from gateway.api.runs import Started, started
from gateway.problem import Problem
from gateway.records import Records
from gateway.swaps import Swaps
from gateway.watch import Watch

ENSURE = "ensure-state/cluster"
ALL = "all"


class Scope(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be checked: hosts, groups of checks, single checks by name; none: all of them."""

    hosts: list[str] = []
    groups: list[Group] = []
    checks: list[str] = []


class FixScope(Scope, forbid_unknown_fields=True):
    """What is to be put right; `approval` `ask`: the run waits for a go with its plan."""

    approval: Literal["none", "ask"] = "none"


class CheckView(msgspec.Struct):
    """A `blocks.ledger.state.StateFinding`; `outcome` null: it was not looked at yet."""

    check: str
    group: str
    outcome: Outcome | None
    why: str
    wanted: str
    found: str
    fix: str
    by_hand: bool
    age_seconds: float | None


class HostView(msgspec.Struct):
    """A host's checks, and whether there is a script for a person at /api/state/HOST/script."""

    host: str
    has_script: bool
    checks: list[CheckView]


class StateView(msgspec.Struct):
    """The hosts, how many findings there are of each outcome, and the id of the latest run."""

    hosts: list[HostView]
    counts: dict[str, int]
    run: str | None


class StateApi(Controller):
    """The state of the hosts."""

    path = "/api/state"
    tags = ("state",)

    @get("/")
    async def state(self, records: NamedDependency[Records], watch: NamedDependency[Watch]) -> StateView:
        """Each check of each host as it was last looked at."""
        names = [host.name for host in watch.settings.cluster.hosts]
        return await records.ask(view, names)

    @get("/{host:str}/script")
    async def script(
        self, host: FromPath[str], records: NamedDependency[Records], watch: NamedDependency[Watch]
    ) -> Response[str]:
        """What is left for a person to run on a host, as a shell script; 404 when nothing is."""
        _known_hosts(watch, [host])
        text = script_of(host, (await records.ask(read_state)).get(host, []))
        if not text:
            raise Problem(404, f"nothing is left for a person to run on {host}", "no_script", param="host")
        headers = {"content-disposition": f'attachment; filename="state-{host}.sh"'}
        return Response(text, media_type="text/x-shellscript", headers=headers)

    @post("/check", status_code=202)
    async def check(
        self,
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
        data: JSONBody[Scope | None] = None,
    ) -> Started:
        """Look, and change nothing."""
        return await _ask(swaps, watch, data or Scope(), act=False, approval="none")

    @post("/fix", status_code=202)
    async def fix(
        self,
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
        data: JSONBody[FixScope | None] = None,
    ) -> Started:
        """Look, put right what drifted, look again."""
        scope = data or FixScope()
        return await _ask(swaps, watch, scope, act=True, approval=scope.approval)


def view(ledger: Ledger, hosts: list[str]) -> StateView:
    """The hosts of the cluster with all checks that there are."""
    known, now = read_state(ledger), clock.now()
    shown = [_host(name, known.get(name, []), now) for name in hosts]
    outcomes = [check.outcome for host in shown for check in host.checks if check.outcome]
    runs = latest_runs(ledger, "state", 1)
    counts: dict[str, int] = {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))}
    return StateView(shown, counts, runs[0].id if runs else None)


def _host(name: str, findings: list[StateFinding], now: float) -> HostView:
    known = {finding.check: finding for finding in findings}
    checks = [
        _check(known.get(check), check, group, now) for group, names in CHECKS.items() for check in names
    ]
    return HostView(name, bool(script_of(name, findings)), checks)


def _check(finding: StateFinding | None, name: str, group: str, now: float) -> CheckView:
    if finding is None:
        return CheckView(name, group, None, "it has not been looked at yet", "", "", "", False, None)
    return CheckView(
        check=name,
        group=group,
        outcome=finding.outcome,
        why=finding.why,
        wanted=finding.wanted,
        found=finding.found,
        fix=finding.fix,
        by_hand=finding.by_hand,
        age_seconds=round(max(0.0, now - finding.at), 1),
    )


async def _ask(swaps: Swaps, watch: Watch, scope: Scope, *, act: bool, approval: str) -> Started:
    """Ask for a run; `Problem` 404 for a host or a check that is not known, 503 with Prefect out of reach."""
    _known_hosts(watch, scope.hosts)
    names = [name for group in CHECKS.values() for name in group]
    if unknown := [name for name in scope.checks if name not in names]:
        told = f"there is no check {', '.join(unknown)} (known: {', '.join(names)})"
        raise Problem(404, told, "unknown_check", param="checks")
    parameters: dict[str, Any] = {
        "hosts": scope.hosts or [ALL],
        "groups": scope.groups or [ALL],
        "act": act,
        "approval": approval,
        "checks": scope.checks,
    }
    return started(await swaps.start_other(ENSURE, parameters))


def _known_hosts(watch: Watch, names: list[str]) -> None:
    for name in names:
        try:
            watch.settings.cluster.host(name)
        except LookupError as error:
            raise Problem(404, str(error), "unknown_host", param="hosts") from None
