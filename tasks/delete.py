"""Deleting a model's weights: what it would free, what forbids it, and the deletion itself."""

from dataclasses import dataclass, field

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.cluster import Host
from blocks.ledger.claim import Claimed
from blocks.ledger.runs import get_run
from blocks.ledger.store import Ledger
from blocks.settings import Settings
from tasks.check import Answer, Command, Unreadable, command, read_json
from tasks.download_plan import gigabytes
from tasks.job import list_jobs, read_jobs
from tasks.measure import folder_of
from tasks.remote import script_with
from tasks.report import Report
from tasks.situation import Situation, look_around
from tasks.ssh import Unreachable, run


class DeletionRefused(Exception):
    """The weights must stay, or could not be deleted; the message is for people."""


@dataclass(frozen=True)
class Held:
    """What a host holds of a model: `bytes` is what deleting frees, or freed; `free` the room on its disk."""

    there: bool
    bytes: int
    free: int


@dataclass
class Deletion:
    """
    One deletion.

    Attributes:
        targets: Hosts that shall not have the weights any more.
        held: What they hold, by host name, as last looked.
        freed: Bytes that were freed so far, by host name.
    """

    settings: Settings
    ledger: Ledger
    report: Report
    model: str
    targets: list[Host]
    held: dict[str, Held] = field(default_factory=dict)
    freed: dict[str, int] = field(default_factory=dict)

    def look(self) -> None:
        """See what is there; `DeletionRefused` when it must stay."""
        self.report.phase("looking", "looking what is there, and what is loaded", 0.02)
        self._require_unused(look_around(self.settings.cluster, self.settings.catalog, self.ledger))
        self._require_no_job()
        self.held = {host.name: self._ask(host, act=False) for host in self.targets}

    def sentences(self) -> list[str]:
        """What a deletion will do, one sentence a host."""
        said = [
            f"Delete {self.model} on {name}: {gigabytes(held.bytes)} come free."
            for name, held in self.held.items()
            if held.there
        ]
        return said or [f"{self.model} is not on {self._where()}: nothing to delete."]

    def delete(self) -> str:
        """Delete it on every target; returns what was freed, in plain words."""
        holding = [host for host in self.targets if self.held[host.name].there]
        for number, host in enumerate(holding):
            self.report.phase(
                "deleting", f"deleting {self.model} on {host.name}", 0.1 + 0.9 * number / len(holding)
            )
            self.freed[host.name] = delete_on(self, host).bytes
        if not self.freed:
            return f"{self.model} is not on {self._where()}: nothing to delete."
        parts = [f"{gigabytes(size)} on {name}" for name, size in self.freed.items()]
        return f"{self.model} is deleted: {' and '.join(parts)} came free."

    def act_on(self, host: Host) -> Held:
        """Delete it on one host, and look that it is gone."""
        held = self._ask(host, act=True)
        if self._ask(host, act=False).there:
            raise DeletionRefused(f"{host.name}: {self.model} is still there")
        return held

    def _ask(self, host: Host, *, act: bool) -> Held:
        cluster = self.settings.cluster
        try:
            return read_held(
                run(host, delete_command(self.model, cluster.hf_cache, cluster.models_directory, act=act))
            )
        except (DeletionRefused, Unreadable) as error:
            raise DeletionRefused(f"{host.name}: {error}") from error

    def _require_unused(self, situation: Situation) -> None:
        cluster, loaded = self.settings.cluster, situation.launch
        recipes = self.settings.catalog.menu.values()
        served = [recipe.model for recipe in recipes if recipe.served in situation.serving]
        used = [str(loaded.recipe.get("model")), *loaded.argv] if loaded else []
        if self.model in served or any(self.model in word for word in used):
            raise DeletionRefused(f"{self.model} is loaded: switch to another model first")
        away = cluster.vllm.host in situation.unreachable
        if away and not situation.serving:
            why = situation.unreachable[cluster.vllm.host]
            raise DeletionRefused(
                f"it cannot be seen what is loaded, for {cluster.vllm.host} is away ({why})"
            )
        if situation.engine_hosts and loaded is None and not situation.serving:
            where = " and ".join(situation.engine_hosts)
            raise DeletionRefused(f"something is being loaded on {where}, and it cannot be seen what")

    def _require_no_job(self) -> None:
        """A download whose run has died goes on by itself on its host."""
        folder = folder_of(self.model)
        for host in self.settings.cluster.hosts:
            try:
                running = read_jobs(run(host, list_jobs()))
            except Unreachable:
                if host in self.targets:
                    raise
                continue
            if f"download-{folder}" in running or any(
                f"copy-{target.name}-{folder}" in running for target in self.targets
            ):
                raise DeletionRefused(
                    f"a download of it goes on on {host.name}: start the download again, and cancel it"
                )

    def _where(self) -> str:
        return " or ".join(host.name for host in self.targets)


@task(name="delete", task_run_name="delete {deletion.model} on {host.name}", cache_policy=NO_CACHE)
def delete_on(deletion: Deletion, host: Host) -> Held:
    """Delete a model on a host; what was freed."""
    return deletion.act_on(host)


def delete_command(model: str, hf_cache: str | None, models_directory: str, *, act: bool) -> Command:
    """Deletes a model on a host, or only says what that would free."""
    given = {"cache": hf_cache or "", "models": models_directory, "model": model, "act": act}
    return command("python3", "-", stdin=script_with("delete_weights.py", **given), timeout=600)


def read_held(answer: Answer) -> Held:
    """What a host holds; `DeletionRefused` with the host's reason, `Unreadable` for what is no answer."""
    if answer.code == 1 and answer.stderr and "Traceback" not in answer.stderr:
        raise DeletionRefused(answer.stderr.strip())
    return read_json(
        answer,
        lambda said: Held(**said),
        unread="what is there cannot be read",
        unasked="it could not be deleted",
    )


def claimed_words(ledger: Ledger, error: Claimed) -> str:
    """Who holds a claim, and what that run is doing."""
    record = get_run(ledger, error.run_id)
    doing = {"swap": "a swap to {}", "download": "a download of {}", "delete": "a deletion of {}"}
    words = doing.get(record.kind, "a change of {}").format(record.model) if record else "a change"
    return f"{words} is under way (run {error.run_id}): wait for its end"
