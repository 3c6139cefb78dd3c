"""What is there before a swap: hosts, the launch that runs, the model that answers."""

import json
from dataclasses import dataclass, field

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.cluster import Cluster, Host
from blocks.ledger.launches import Launch, get_launch, last_good_launch
from blocks.ledger.store import Ledger
from blocks.recipe import Catalog, Recipe
from tasks.check import Unreadable, command
from tasks.engine import served_ids
from tasks.ensure import worth_another_look
from tasks.launch import LAUNCH_MARK
from tasks.sight import HostSight, look_command, read_sight
from tasks.ssh import Unreachable, run


@dataclass(frozen=True)
class Situation:
    """
    What is there now.

    Attributes:
        sights: What was seen, by host name.
        unreachable: Why a host could not be looked at, by its name.
        engine_hosts: Hosts that hold the engine, as container or process, running or not.
        launch: The launch of the ledger that the engine belongs to.
        serving: Ids that answer at the vLLM service.
        previous: What to put back when the swap fails.
    """

    sights: dict[str, HostSight] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)
    engine_hosts: tuple[str, ...] = ()
    launch: Launch | None = None
    serving: tuple[str, ...] = ()
    previous: Recipe | None = None

    @property
    def places(self) -> dict[str, tuple[str, str]]:
        """Home and Hugging Face cache of every host that was seen."""
        return {name: (sight.home, sight.cache) for name, sight in self.sights.items()}

    def serves(self, recipe: Recipe) -> bool:
        """True when that very recipe runs and answers: nothing would change."""
        same = self.launch is not None and self.launch.recipe == recipe.model_dump(mode="json")
        return same and recipe.served in self.serving


@task(
    name="look",
    task_run_name="look at {host.name}",
    cache_policy=NO_CACHE,
    retries=1,
    retry_delay_seconds=1,
    retry_condition_fn=worth_another_look,
)
def look_at_host(host: Host, hf_cache: str | None) -> HostSight:
    """What a host is doing now; changes nothing."""
    return read_sight(run(host, look_command(hf_cache)))


def look_around(cluster: Cluster, catalog: Catalog, ledger: Ledger) -> Situation:
    """Look at every host and at the vLLM service; a host that cannot be reached is noted, not fatal."""
    sights: dict[str, HostSight] = {}
    unreachable: dict[str, str] = {}
    looks = {host.name: look_at_host.submit(host, cluster.hf_cache) for host in cluster.hosts}
    for name, future in looks.items():
        try:
            sights[name] = future.result()
        except (Unreachable, Unreadable) as error:
            unreachable[name] = str(error)
    container = cluster.vllm.container
    engine_hosts = tuple(name for name, sight in sights.items() if sight.holds(container))
    head = sights.get(cluster.vllm.host)
    launch = _launch_of(cluster, ledger, head) if head and cluster.vllm.host in engine_hosts else None
    serving = tuple(served_ids(cluster.base_url(cluster.vllm)))
    previous = _previous(catalog, ledger, launch, serving)
    return Situation(sights, unreachable, engine_hosts, launch, serving, previous)


def _launch_of(cluster: Cluster, ledger: Ledger, head: HostSight) -> Launch | None:
    """The ledger's launch whose mark the engine on the head carries."""
    name = cluster.vllm.container
    if process := head.process(name):
        return get_launch(ledger, process.mark)
    ask = command("docker", "inspect", "--format", "{{json .Config.Env}}", name)
    answer = run(cluster.host(cluster.vllm.host), ask)
    try:
        variables = json.loads(answer.stdout) if answer.ok else []
    except ValueError:
        return None
    marks = [entry.partition("=")[2] for entry in variables if entry.startswith(f"{LAUNCH_MARK}=")]
    return get_launch(ledger, marks[0]) if marks else None


def _previous(
    catalog: Catalog, ledger: Ledger, launch: Launch | None, serving: tuple[str, ...]
) -> Recipe | None:
    """The recipe that answers now; when nothing does, the last one that did."""
    if launch is not None and launch.ready is not None:
        return Recipe.model_validate(launch.recipe)
    for recipe in catalog.menu.values():
        if recipe.served in serving:
            return recipe
    last = last_good_launch(ledger)
    return Recipe.model_validate(last.recipe) if last else None
